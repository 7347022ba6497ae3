import Foundation

/// A mark in a folder that one process has at a time: a locked file (flock, which the system lets go of when
/// the process ends, however it ends).
public final class FolderLock: Sendable {
    private let file: Int32
    private let path: String

    /// - Returns: nil while another process has it; who only looks, or was just killed, has it for a moment
    /// - Throws: `FilesError.system` where the file cannot be made
    public init?(_ url: URL, patience tries: Int) throws {
        path = url.path
        for attempt in 0..<max(1, tries) {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
            guard file >= 0 else {
                throw FilesError.system(path: path, operation: "mark the folder as taken", code: errno)
            }
            let isBusy = flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
            // Whoever had it may have finished, and removed it, between the two calls above. A file system
            // without locks lets everybody have it.
            var status = stat()
            if !isBusy, fstat(file, &status) == 0, status.st_nlink > 0 {
                self.file = file
                return
            }
            if isBusy, attempt + 1 < tries { usleep(10_000) }
            close(file)
        }
        return nil
    }

    deinit { close(file) }

    /// Writes the text that says whose it is.
    public func write(_ text: String) throws {
        guard ftruncate(file, 0) == 0 else {
            throw FilesError.system(path: path, operation: "mark the folder as taken", code: errno)
        }
        try Array(text.utf8).withUnsafeBytes { try AtomicOutput.writeAll($0, to: file, path: path) }
    }

    /// Removes the mark; the lock ends with this object.
    public func remove() { unlink(path) }
}
