import Stage

StageMain.run(ConvertData.self)
