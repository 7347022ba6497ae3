import ArgumentParser
import Files
import Foundation

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

    /// The code for any error.
    ///
    /// Our libraries stop the program on a caller's mistake and throw the world's, so an error of theirs that
    /// says nothing else is about data. What describes itself in no way was not foreseen.
    static func code(for error: any Error) -> Int32 {
        switch error {
        case let coded as any ExitCoded: coded.exitCode
        case is DecodingError: badData
        case let cocoa as CocoaError where cocoa.code == .fileReadNoSuchFile || cocoa.code == .fileNoSuchFile:
            missingInput
        case is CocoaError, is POSIXError: inputOutput
        // Asked of the type: any error value can be bridged to an NSError, which describes itself.
        case _ where type(of: error) is any CustomStringConvertible.Type: badData
        default: internalError
        }
    }
}

extension FilesError: ExitCoded {
    public var exitCode: Int32 {
        switch self {
        case .missing: ExitStatus.missingInput
        case .system: ExitStatus.inputOutput
        case .corrupt, .corruptMember, .badTensor, .missingTensor, .tooLarge: ExitStatus.badData
        case .unwritable: ExitStatus.internalError
        }
    }
}
