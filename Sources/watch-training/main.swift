import Stage

StageMain.run(WatchTraining.self)
