import Stage

StageMain.run(AnswerBenchmarks.self)
