import Stage

StageMain.run(WriteReport.self)
