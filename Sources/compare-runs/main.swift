import Stage

StageMain.run(CompareRuns.self)
