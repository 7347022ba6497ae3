import Foundation

/// A file that appears under its name whole, at `commit()`, or not at all.
///
/// The bytes go to a temporary name beside the target. An error, or letting go of the object without a
/// commit, removes them. A target that is a device or a pipe (`/dev/stdout`) is written directly: there is
/// nothing to rename.
public final class AtomicFile: ByteSink {
    /// Bytes given to `write` so far.
    public private(set) var bytesWritten = 0

    private let target: String
    private let temporary: String?  // nil: written directly
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private static let bufferBytes = 1 << 18

    /// Opens the temporary file; missing parent folders are made.
    ///
    /// - Throws: `FilesError.system` with the path and what the system said
    public init(_ url: URL) throws {
        let kind = FileManager.fileType(atPath: url.path)
        // `/dev/stdout` may be a link to a file, and must stay a link.
        let isDevice = ["/dev/", "/proc/"].contains { url.path.hasPrefix($0) }
        if let kind, kind != S_IFDIR, kind != S_IFREG || isDevice {
            target = url.path
            temporary = nil
            descriptor = open(target, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw FilesError.current(target, "open it") }
            return
        }
        // A link is replaced; nothing is written through it.
        target = url.path
        guard kind != S_IFDIR else {
            throw FilesError.system(path: target, operation: "write it", code: EISDIR)
        }
        try AtomicOutput.makeFolder(url.deletingLastPathComponent())
        let name = AtomicOutput.temporaryURL(beside: url).path
        temporary = name
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FilesError.current(target, "create it") }
    }

    deinit { discard() }

    /// Appends bytes; small writes are gathered.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        precondition(descriptor >= 0, "AtomicFile: written after commit or discard")
        bytesWritten += bytes.count
        if buffer.count + bytes.count <= Self.bufferBytes {
            buffer.append(contentsOf: bytes)
            return
        }
        try flush()
        if bytes.count >= Self.bufferBytes { try put(bytes) } else { buffer.append(contentsOf: bytes) }
    }

    /// Writes what is left, syncs, and gives the file its name.
    ///
    /// - Throws: `FilesError.system` (for example a full disk); the temporary file is then gone and the old
    ///   file untouched
    public func commit() throws {
        precondition(descriptor >= 0, "AtomicFile: committed twice")
        do {
            try flush()
            // Pipes and devices answer EINVAL: they cannot be synced and need not be.
            guard fsync(descriptor) == 0 || temporary == nil else {
                throw FilesError.current(target, "sync it")
            }
            let closing = descriptor
            descriptor = -1
            guard close(closing) == 0 else { throw FilesError.current(target, "close it") }
            if let temporary {
                guard rename(temporary, target) == 0 else {
                    throw FilesError.current(target, "rename the finished file to it")
                }
                AtomicOutput.syncFolder(URL(fileURLWithPath: target).deletingLastPathComponent())
            }
        } catch {
            discard()
            if let temporary { unlink(temporary) }
            throw error
        }
    }

    /// Drops the file; harmless after `commit()`.
    public func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if let temporary { unlink(temporary) }
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try put($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try AtomicOutput.writeAll(bytes, to: descriptor, path: target)
        } catch {
            discard()
            throw error
        }
    }
}
