import Stage

StageMain.run(AskModel.self)
