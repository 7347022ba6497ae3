import Files
import Foundation

/// Parts of a data set or of a published model, as `data-manifests/<name>.json` says (docs/data.md, A
/// manifest).
public struct DataManifest: Sendable {
    /// Name of the manifest's file, without its extension.
    public let name: String
    /// Name for people.
    public let title: String
    /// Page the data come from.
    public let source: String?
    /// Licence the data come under.
    public let licence: String
    /// How to get the data, a step a line.
    public let obtain: [String]
    /// Manifests whose data belong to it, such as the images of conversations.
    public let needs: [String]
    /// What is known to be missing or otherwise than one expects.
    public let holes: [String]
    /// Files the data set consists of.
    public let files: [File]
    /// Name of a count -> its official number.
    public let expectedCounts: [String: Int]

    /// One file of a data set.
    public struct File: Sendable {
        /// Below the data set's folder.
        public let path: String
        /// Size; nil where a lock file holds it.
        public let bytes: Int?
        /// Bound of a size that is not known.
        public let mostBytes: Int?
        /// Digest in 64 hexadecimal digits; nil where a lock file holds it.
        public let sha256: String?
        /// Address it can be fetched from; nil for what has to be got by hand.
        public let url: String?
        /// True where the data set can do without it.
        public let isOptional: Bool
    }

    private static let fields: Set<String> = [
        "name", "title", "licence", "obtain", "needs", "holes", "files", "expected_counts", "layout", "notes",
        "source",
    ]

    /// Reads a manifest.
    ///
    /// - Throws: `FilesError.notJSON`, `.badField` for a field that is unknown, missing or wrong
    public init(_ url: URL) throws {
        let record = try JSONField(parsing: InputBytes.read(url), file: url.path, line: 1)
        if let unknown = try record.members().first(where: { !Self.fields.contains($0.name) }) {
            throw unknown.field.bad(
                found: "not a field of a manifest",
                expected: "one of \(Self.fields.sorted().joined(separator: ", "))")
        }
        name = try record["name"].string()
        guard Self.isPath(name), !name.contains("/") else {
            throw try record["name"].bad(expected: "the name of a folder")
        }
        title = try record["title"].string()
        source = try record.optional("source")?.string()
        licence = try record["licence"].string()
        obtain = try record["obtain"].strings()
        needs = try record.optional("needs")?.strings() ?? []
        holes = try record.optional("holes")?.strings() ?? []
        files = try record["files"].elements().map { try File($0) }
        for (index, file) in files.enumerated()
        where files[..<index].contains(where: { $0.path == file.path }) {
            throw try record["files"].elements()[index]["path"].bad(expected: "each file once")
        }
        let paths = Set(files.map { ExactKey($0.path) })
        for (index, file) in files.enumerated() {
            let parts = file.path.split(separator: "/")
            for length in 1..<max(1, parts.count)
            where paths.contains(ExactKey(parts.prefix(length).joined(separator: "/"))) {
                throw try record["files"].elements()[index]["path"].bad(
                    expected: "a path whose folders are no files of the same data set")
            }
        }
        var counts: [String: Int] = [:]
        for (name, count) in try record.optional("expected_counts")?.members() ?? [] {
            counts[name] = try count.integer()
        }
        expectedCounts = counts
    }

    /// Whether a text can be the path of a file below the data set's folder. Hidden names are not: those are
    /// of unfinished files.
    fileprivate static func isPath(_ path: String) -> Bool {
        MemberPath.normalized(path) == path && !FileName.hasControls(path)
            && !path.split(separator: "/").contains { $0.hasPrefix(".") }
            && path.split(separator: "/").first.map(String.init) != DataLock.fileName
    }
}

extension DataManifest.File {
    fileprivate init(_ file: JSONField) throws {
        path = try file["path"].string()
        guard DataManifest.isPath(path) else {
            throw try file["path"].bad(expected: "a path below the data set's folder")
        }
        sha256 = try file.optional("sha256")?.digest()
        bytes = try file.optional("bytes")?.integer(in: 0...1 << 50)
        mostBytes = try file.optional("most_bytes")?.integer(in: 0...1 << 50)
        url = try file.optional("url")?.string()
        guard url?.firstMatch(of: #/^https?:\/\/[A-Za-z0-9]/#) != nil || url == nil,
            url?.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) ?? true
        else {
            throw try file["url"].bad(expected: "an address that begins with https:// or http://, or null")
        }
        if let bytes, let mostBytes, mostBytes < bytes {
            throw try file["most_bytes"].bad(expected: "no less than the \(bytes) of 'bytes'")
        }
        isOptional = try file.flag("optional")
    }
}
