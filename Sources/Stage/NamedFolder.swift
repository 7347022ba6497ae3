import ArgumentParser
import Files
import Foundation

/// A `name=folder` argument: `@Option(name: .customLong("model")) var models: [NamedFolder]`.
public struct NamedFolder: ExpressibleByArgument, Sendable, Equatable {
    public let name: String
    public let url: URL

    public init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        // A table has the name in a line of its own.
        guard parts.count == 2, !FileName.hasControls(String(parts[0])) else { return nil }
        self.init(name: String(parts[0]), url: URL(fileURLWithPath: String(parts[1])))
    }

    public init(name: String, url: URL) { (self.name, self.url) = (name, url) }

    /// How `--help` and errors call such an argument.
    public static let valueName = "name=folder"
}

extension [NamedFolder] {
    /// Fails where two arguments have one name.
    ///
    /// - Parameter option: the option they came from, `--model`
    /// - Throws: `ValidationError`, which the command line is blamed for
    public func requireDistinctNames(_ option: String) throws {
        guard Set(map(\.name)).count == count else { throw ValidationError("two \(option) have one name") }
    }
}
