import Stage

StageMain.run(FetchData.self)
