import Stage

StageMain.run(MeasureEfficiency.self)
