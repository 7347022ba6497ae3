import Files
import Foundation

/// The beginning of a file that has come so far: `.name.part`, and beside it `.name.part.json`, which says of
/// what it is the beginning.
///
/// Both are hidden, so that no listing of the data takes them for data. Only one process may have them: see
/// `DataFolder`.
final class PartialFile {
    /// What the bytes are the beginning of.
    struct Origin: Equatable {
        let url: String
        /// Mark of the version, as in `ResponseHead`; nil where the server gives none.
        let validator: String?
        /// Size of the whole, where the server says so.
        let total: Int?
    }

    /// Bytes that have come.
    private(set) var bytes: Int
    /// Nil where nothing has come, or the note does not say from where.
    private(set) var origin: Origin?
    /// The file with the bytes.
    let url: URL
    private let target: URL
    private let note: URL
    private var descriptor: Int32

    /// Opens what is there, or an empty part; missing folders are made.
    init(of target: URL) throws {
        self.target = target
        let folder = target.deletingLastPathComponent()
        url = folder.appendingPathComponent(".\(target.lastPathComponent).part")
        note = folder.appendingPathComponent(".\(target.lastPathComponent).part.json")
        try AtomicOutput.makeFolder(folder)
        descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw FilesError.current(url.path, "write it") }
        bytes = Int(lseek(descriptor, 0, SEEK_END))
        origin = Self.read(note)
    }

    deinit { close(descriptor) }

    /// A note that cannot be read says nothing, and the file begins again.
    private static func read(_ note: URL) -> Origin? {
        guard let bytes = try? InputBytes.read(note),
            let record = try? JSONField(parsing: bytes, file: note.path),
            let url = try? record["url"].string(),
            let validator = try? record.optional("validator")?.string(),
            let total = try? record.optional("bytes")?.integer()
        else { return nil }
        return Origin(url: url, validator: validator, total: total)
    }

    /// Forgets what came, and begins with a file of this origin.
    func begin(_ origin: Origin) throws {
        try empty()
        let record: JSONValue = [
            "url": .string(origin.url), "validator": origin.validator.map { .string($0) } ?? .null,
            "bytes": origin.total.map { .int($0) } ?? .null,
        ]
        try AtomicOutput.writeAtomically(record.text(.indented) + "\n", to: note)
        self.origin = origin
    }

    /// Forgets what came.
    func empty() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FilesError.current(url.path, "empty it")
        }
        (bytes, origin) = (0, nil)
    }

    /// Adds bytes behind those that came.
    func append(_ block: UnsafeRawBufferPointer) throws {
        try AtomicOutput.writeAll(block, to: descriptor, path: url.path)
        bytes += block.count
    }

    /// Gives the file its name, now that it is whole.
    func commit() throws {
        guard fsync(descriptor) == 0 else { throw FilesError.current(url.path, "sync it") }
        guard rename(url.path, target.path) == 0 else {
            throw FilesError.current(target.path, "rename the finished file to it")
        }
        unlink(note.path)
        AtomicOutput.syncFolder(target.deletingLastPathComponent())
    }

    /// Removes it where nothing has come.
    func removeIfEmpty() {
        guard bytes == 0 else { return }
        unlink(url.path)
        unlink(note.path)
    }
}
