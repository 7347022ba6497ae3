import ArgumentParser
import Foundation

/// A `folder` argument, or one of several `name=folder`: `@Option var shards: [SourceFolder]`.
public struct SourceFolder: ExpressibleByArgument, Sendable, Equatable {
    /// Empty where none was given.
    public let name: String
    public let url: URL

    /// A folder that exists under the whole text is that folder, whatever signs its name has.
    public init?(argument: String) {
        if let named = NamedFolder(argument: argument), !FileManager.default.fileExists(atPath: argument) {
            self.init(name: named.name, url: named.url)
        } else {
            guard !argument.isEmpty else { return nil }
            self.init(name: "", url: URL(fileURLWithPath: argument))
        }
    }

    public init(name: String, url: URL) { (self.name, self.url) = (name, url) }

    /// How `--help` calls such an argument.
    public static let valueName = "[name=]folder"
}

extension [SourceFolder] {
    /// The folders with their names, which are keys of recipes and files.
    ///
    /// - Parameter option: the option they came from, `--shards`
    /// - Throws: `ValidationError` where there is none, or several without names of their own
    public func sources(_ option: String) throws -> [(name: String, folder: URL)] {
        guard !isEmpty else { throw ValidationError("Missing expected argument '\(option) <folder>'") }
        for source in self {
            guard source.name.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) else {
                throw ValidationError(
                    "\(option): a name is made of letters, digits, '-', '_' and '.', not '\(source.name)'")
            }
        }
        guard count == 1 || Set(map(\.name)).count == count && allSatisfy({ !$0.name.isEmpty }) else {
            throw ValidationError("several \(option) need names of their own: \(option) name=folder")
        }
        return map { (name: $0.name, folder: $0.url) }
    }

    /// The folders as a stage's inputs: `shards`, or `shards <name>` where there are several.
    public func inputs(_ name: String) -> [(name: String, url: URL)] {
        map { (name: count == 1 ? name : "\(name) \($0.name)", url: $0.url) }
    }
}
