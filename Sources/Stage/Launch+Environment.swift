import Foundation
import Ranks

extension Launch {
    /// How this process was started; nil where it is by itself.
    static var current: Launch? { Launch(environment: ProcessInfo.processInfo.environment) }
}

extension Ranks {
    /// The run that this process was started for.
    ///
    /// - Throws: `RanksError`
    public static func started() throws -> Ranks { try join(.current) }
}
