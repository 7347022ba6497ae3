import Stage

StageMain.run(AssembleModel.self)
