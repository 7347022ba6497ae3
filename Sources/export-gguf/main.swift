import Stage

StageMain.run(ExportGGUF.self)
