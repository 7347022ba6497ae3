import Foundation

/// Appends lines to a file that survives being killed: `JSONLines.repair` first, then lines, synced when it
/// matters.
public final class JSONLinesWriter {
    private let path: String
    private var descriptor: Int32

    /// Opens the file for appending, making it and its folder if need be. An unfinished last line is cut off
    /// first, so that new lines never run into it.
    public init(appendingTo url: URL) throws {
        path = url.path
        try AtomicOutput.makeFolder(url.deletingLastPathComponent())
        if FileManager.fileType(atPath: path) == S_IFREG { try JSONLines.repair(url) }
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw FilesError.current(path, "open it") }
    }

    deinit { if descriptor >= 0 { Foundation.close(descriptor) } }

    /// Appends one line in one write, so that it is in the file whole or, after a crash, is cut off by
    /// `repair`.
    public func append(_ line: [UInt8]) throws {
        precondition(descriptor >= 0, "JSONLinesWriter: appended to after close")
        precondition(!line.contains(10), "JSONLinesWriter: a line holds a line feed")
        try (line + [10]).withUnsafeBytes { try AtomicOutput.writeAll($0, to: descriptor, path: path) }
    }

    /// Appends one line of text, without its line feed.
    public func append(_ line: String) throws { try append(Array(line.utf8)) }

    /// Returns when every line so far is on the disk.
    public func synchronize() throws {
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FilesError.current(path, "sync it") }
    }

    /// Syncs and closes.
    public func close() throws {
        try synchronize()
        let closing = descriptor
        descriptor = -1
        guard Foundation.close(closing) == 0 else { throw FilesError.current(path, "close it") }
    }
}
