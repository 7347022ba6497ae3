import Foundation

/// SHA-256 of files, those of large ones remembered by what the file system says of them, as git's index
/// does.
///
/// A file changed in place gets another time of change (ctime), which nobody can set back. A file that
/// changed within the last two seconds is not remembered: a second change could fall into the same tick of
/// the clock. What cannot be written down is computed again.
public struct FileDigests: Sendable {
    private let folder: URL?
    private let readsAlways: Bool
    /// Smaller files are read each time.
    private let leastBytes: Int

    /// - Parameters:
    ///   - folder: where digests are remembered, a small file each; nil reads every file every time
    ///   - readsAlways: whether what is remembered is not trusted, only written anew
    public init(_ folder: URL? = nil, readsAlways: Bool = false, leastBytes: Int = 1 << 22) {
        (self.folder, self.readsAlways, self.leastBytes) = (folder, readsAlways, leastBytes)
    }

    /// The digest of a file's contents, as 64 lower-case hexadecimal digits.
    ///
    /// - Throws: `FilesError` where the file cannot be read
    public func digest(of file: URL) throws -> String {
        guard let folder, let identity = Identity(file), identity.bytes >= leastBytes else {
            return try Digest.sha256(ofFile: file)
        }
        let memory = folder.appendingPathComponent("\(Digest.sha256(identity.place)).txt")
        func line(_ digest: String) -> String {
            "\(digest) \(Digest.sha256("\(identity.place) \(identity.condition) \(digest)"))\n"
        }
        if !readsAlways, let text = try? String(contentsOf: memory, encoding: .utf8),
            text == line(String(text.prefix(64)))
        {
            return String(text.prefix(64))
        }
        let digest = try Digest.sha256(ofFile: file)
        if Identity(file) == identity, Date().timeIntervalSince1970 - identity.changed > 2 {
            // Losing it costs time only, such as where the folder is read-only.
            try? AtomicOutput.writeAtomically(line(digest), to: memory)
        }
        return digest
    }

    /// What tells a file from what it was before it was changed or replaced; nil where there is none.
    public static func state(of file: URL) -> String? {
        Identity(file).map { "\($0.place) \($0.condition)" }
    }

    /// Digest of a folder's files (`FolderListing`), names and contents, as `Digest.sha256(ofFolder:)`.
    public func digest(ofFolder folder: URL) throws -> String {
        Digest.sha256(
            ofFiles: try FolderListing.files(below: folder).map {
                ($0, try digest(of: folder.appendingPathComponent($0)))
            })
    }

    /// What the file system says of a file.
    private struct Identity: Equatable {
        /// Which file it is: host, device and inode.
        let place: String
        /// Size and times, which differ once it was changed.
        let condition: String
        let bytes: Int
        /// Seconds since 1970.
        let changed: Double

        init?(_ file: URL) {
            var status = stat()
            guard stat(file.path, &status) == 0 else { return nil }
            place = "\(HostName.current) \(status.st_dev) \(status.st_ino)"
            condition =
                ([Int(status.st_size)]
                + [status.st_mtim, status.st_ctim].flatMap { [$0.tv_sec, $0.tv_nsec] })
                .map { "\($0)" }.joined(separator: " ")
            bytes = Int(status.st_size)
            changed = Double(max(status.st_mtim.tv_sec, status.st_ctim.tv_sec))
        }
    }
}
