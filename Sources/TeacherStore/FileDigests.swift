import Files
import Foundation

/// SHA-256 of large files, remembered by what the file system says of them, as git's index does.
///
/// A file changed in place gets another time of change (ctime), which nobody can set back. A file that
/// changed within the last two seconds is not remembered: a second change could fall into the same tick of
/// the clock. What cannot be written down is computed again.
struct FileDigests {
    private let folder: URL
    /// Smaller files are read each time.
    private let leastBytes: Int

    init(_ folder: URL, leastBytes: Int = 1 << 22) { (self.folder, self.leastBytes) = (folder, leastBytes) }

    func digest(of file: URL) throws -> String {
        guard let identity = Self.identity(file), identity.bytes >= leastBytes else {
            return try Digest.sha256(ofFile: file)
        }
        let name = Digest.sha256(identity.text)
        let path = folder.appendingPathComponent("\(name).txt")
        if let words = try? String(contentsOf: path, encoding: .utf8).split(separator: " "), words.count == 2,
            words[1] == Digest.sha256("\(name) \(words[0])")[...]
        {
            return String(words[0])
        }
        let digest = try Digest.sha256(ofFile: file)
        if Self.identity(file)?.text == identity.text, Date().timeIntervalSince1970 - identity.changed > 2 {
            // Losing it costs time only, such as in a store that is read-only.
            try? AtomicOutput.writeAtomically("\(digest) \(Digest.sha256("\(name) \(digest)"))", to: path)
        }
        return digest
    }

    private static func identity(_ file: URL) -> (text: String, bytes: Int, changed: Double)? {
        var status = stat()
        guard stat(file.path, &status) == 0 else { return nil }
        let times = [status.st_mtim, status.st_ctim].map { "\($0.tv_sec).\($0.tv_nsec)" }.joined(
            separator: " ")
        return (
            "\(ClaimOwner.hostName()) \(status.st_dev) \(status.st_ino) \(status.st_size) \(times)",
            Int(status.st_size),
            Double(max(status.st_mtim.tv_sec, status.st_ctim.tv_sec))
        )
    }
}
