import Stage

StageMain.run(TraceModel.self)
