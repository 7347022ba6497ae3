import Files

/// A page tells of what is damaged or missing in a run. A disk that fails says nothing about the run: the
/// page is not made then, so that the same command makes the whole one later.
///
/// - Throws: the error, where a file could not be read (74)
func refuseDiskFailure(_ error: any Error) throws {
    if (error as? any ExitCoded)?.exitCode == ExitStatus.inputOutput { throw error }
}

/// The result of reading; nil where that fails for another reason than the disk's.
func ifReadable<Result>(_ read: () throws -> Result) throws -> Result? {
    do { return try read() } catch {
        try refuseDiskFailure(error)
        return nil
    }
}
