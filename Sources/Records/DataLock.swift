import Files
import Foundation

/// Sizes and digests of files that their manifest does not know, as they were when they were first used: a
/// JSON object of path -> `{"bytes": …, "sha256": "…"}`.
public struct DataLock: Equatable, Sendable {
    /// Name of the lock that stands beside fetched data.
    public static let fileName = "fetch.lock"

    /// What is known of one file.
    public struct Entry: Equatable, Sendable {
        /// Size of the file.
        public let bytes: Int
        /// Digest in 64 hexadecimal digits.
        public let sha256: String

        public init(bytes: Int, sha256: String) { (self.bytes, self.sha256) = (bytes, sha256) }
    }

    /// Path below the data set's folder -> what is known of it.
    public var entries: [String: Entry] = [:]

    /// A lock of nothing.
    public init() {}

    /// Reads a lock; one that is not there is empty.
    ///
    /// - Throws: `FilesError`
    public init(_ url: URL) throws {
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        for (path, entry) in try JSONField(parsing: InputBytes.read(url), file: url.path, line: 1).members() {
            entries[path] = Entry(
                bytes: try entry["bytes"].integer(in: 0...1 << 50), sha256: try entry["sha256"].digest())
        }
    }

    /// Writes it as a whole, paths in order.
    public func write(to url: URL) throws {
        let members = entries.mapValues { entry -> JSONValue in
            ["bytes": .int(entry.bytes), "sha256": .string(entry.sha256)]
        }
        try AtomicOutput.writeAtomically(
            JSONValue.object(JSONObject(members)).text(.indented) + "\n", to: url)
    }
}

extension JSONField {
    /// A SHA-256 as it is written down.
    func digest() throws -> String {
        let text = try string()
        guard text.wholeMatch(of: #/[0-9a-f]{64}/#) != nil else {
            throw bad(expected: "64 hexadecimal digits or null")
        }
        return text
    }
}
