import Stage

StageMain.run(BenchAlignTI.self)
