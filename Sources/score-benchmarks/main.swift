import Stage

StageMain.run(ScoreBenchmarks.self)
