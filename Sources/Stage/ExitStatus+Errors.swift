import Files
import Foundation

extension ExitStatus {
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
