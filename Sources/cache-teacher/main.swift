import Stage

StageMain.run(CacheTeacher.self)
