import Stage

StageMain.run(TrainStudent.self)
