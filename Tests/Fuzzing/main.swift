FuzzParsers.main()
