import Files
import Foundation

/// Parts of a data set, as `data-manifests/<name>.json` says.
///
///     {"name": "pope", "title": "...", "licence": "...", "obtain": ["..."], "files": [{"path":
///     "coco/x.json", "bytes": 123 or null, "sha256": "..." or null, "url": "..." or null, "optional":
///     true}], "expected_counts": {"random": 2910}}
///
/// Sizes and digests that are null are recorded in a lock file when the data is first used, and enforced
/// after.
public struct DataManifest: Sendable {
    /// Name of the manifest's file, without its extension.
    public let name: String
    /// Name for people.
    public let title: String
    /// Licence the data come under.
    public let licence: String
    /// How to get the data, a step a line.
    public let obtain: [String]
    /// Files the data set consists of.
    public let files: [File]
    /// Name of a count -> its official number.
    public let expectedCounts: [String: Int]

    /// One file of a data set.
    public struct File: Sendable {
        /// Below the data set's folder.
        public let path: String
        /// Size; nil where the lock file holds it.
        public let bytes: Int?
        /// Digest in 64 hexadecimal digits; nil where the lock file holds it.
        public let sha256: String?
        /// Address it can be fetched from.
        public let url: String?
        /// True where the data set can do without it.
        public let isOptional: Bool
    }

    /// Reads a manifest.
    ///
    /// - Throws: `FilesError.notJSON`, `.badField` for a field that is unknown, missing or wrong
    public init(_ url: URL) throws {
        let record = try SourceFile(url).document()
        let known: Set<String> = [
            "name", "title", "licence", "obtain", "files", "expected_counts", "layout", "notes", "source",
        ]
        if let unknown = try record.members().first(where: { !known.contains($0.name) }) {
            throw unknown.field.bad(
                found: "not a field of a manifest",
                expected: "one of \(known.sorted().joined(separator: ", "))")
        }
        name = try record["name"].string()
        title = try record["title"].string()
        licence = try record["licence"].string()
        obtain = try record["obtain"].strings()
        files = try record["files"].elements().map { file in
            let path = try file["path"].string()
            guard MemberPath.normalized(path) == path else {
                throw try file["path"].bad(
                    found: "\"\(path)\"", expected: "a path below the data set's folder")
            }
            let digest = try file.optional("sha256")?.string()
            guard digest == nil || digest?.utf8.count == 64 else {
                throw try file["sha256"].bad(
                    found: "\"\(digest ?? "")\"", expected: "64 hexadecimal digits or null")
            }
            let bytes = try file.optional("bytes")?.integer()
            return File(
                path: path, bytes: bytes, sha256: digest, url: try file.optional("url")?.string(),
                isOptional: try file.flag("optional"))
        }
        var counts: [String: Int] = [:]
        for (name, count) in try record.optional("expected_counts")?.members() ?? [] {
            counts[name] = try count.integer()
        }
        expectedCounts = counts
    }

    /// Findings of `verify`.
    public struct Verification: Sendable {
        /// Files that agree with the manifest or the lock.
        public var verified: [String] = []
        /// Files whose size and digest were recorded now.
        public var recorded: [String] = []
        /// Optional files that are not there.
        public var absent: [String] = []
    }

    /// Compares the files in `folder` with the manifest and, where it does not know them, with the lock file.
    ///
    /// A file unknown to both is recorded: `lock` is a JSON object of path -> {bytes, sha256}, written
    /// atomically.
    ///
    /// - Throws: `BenchmarkError.missingFile`, `.manifest` naming file, size or digest found and expected
    public func verify(_ folder: URL, lock: URL) throws -> Verification {
        var locked: [ExactKey: (path: String, bytes: Int, sha256: String)] = [:]
        if lock.exists {
            for (path, entry) in try SourceFile(lock).document().members() {
                locked[ExactKey(path)] = (path, try entry["bytes"].integer(), try entry["sha256"].string())
            }
        }
        var result = Verification()
        for file in files {
            let url = folder.file(file.path)
            guard url.exists else {
                guard file.isOptional else {
                    throw BenchmarkError.missingFile(benchmark: title, file: file.path, folder: folder.path)
                }
                result.absent.append(file.path)
                continue
            }
            let known = locked[ExactKey(file.path)]
            let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int ?? -1
            try compare(
                url, "bytes", found: "\(size)", expected: (file.bytes ?? known?.bytes).map { "\($0)" },
                isLock: file.bytes == nil, lock)
            let digest = try Digest.sha256(ofFile: url)
            try compare(
                url, "SHA-256", found: digest, expected: file.sha256 ?? known?.sha256,
                isLock: file.sha256 == nil, lock)
            if file.sha256 == nil, known == nil {
                locked[ExactKey(file.path)] = (file.path, size, digest)
                result.recorded.append(file.path)
            } else {
                result.verified.append(file.path)
            }
        }
        if !result.recorded.isEmpty {
            let members = locked.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }.map {
                (
                    name: $0.path,
                    value: JSONValue.of(("bytes", .int($0.bytes)), ("sha256", .string($0.sha256)))
                )
            }
            try AtomicOutput.writeAtomically(
                JSONValue.object(JSONObject(members)).encoded(indented: true) + "\n", to: lock)
        }
        return result
    }

    private func compare(
        _ url: URL, _ what: String, found: String, expected: String?, isLock: Bool, _ lock: URL
    ) throws {
        guard let expected, expected != found else { return }
        let origin = isLock ? "recorded in \(lock.path) when it was first used" : "in the manifest of \(name)"
        throw BenchmarkError.manifest(
            file: url.path,
            reason:
                "\(what) is \(found), expected \(expected) as \(origin); the file changed or is another "
                + "version: obtain it again"
                + (isLock ? ", or delete its entry in the lock file to accept it" : ""))
    }
}
