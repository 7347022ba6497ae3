import Stage

StageMain.run(MakeWorld.self)
