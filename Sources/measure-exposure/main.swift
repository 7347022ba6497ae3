import Stage

StageMain.run(MeasureExposure.self)
