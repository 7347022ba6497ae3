import Stage

StageMain.run(WriteAnswers.self)
