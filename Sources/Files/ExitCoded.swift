/// An error that knows how the process should end (BSD's sysexits).
public protocol ExitCoded: Error {
    var exitCode: Int32 { get }
}

/// The codes of sysexits.h that stages use.
public enum ExitStatus {
    public static let usage: Int32 = 64
    public static let badData: Int32 = 65
    public static let missingInput: Int32 = 66
    public static let internalError: Int32 = 70
    public static let inputOutput: Int32 = 74
    public static let tryAgain: Int32 = 75
}
