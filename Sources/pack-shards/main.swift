import Stage

StageMain.run(PackShards.self)
