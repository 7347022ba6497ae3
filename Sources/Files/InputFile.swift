import Foundation

/// An open file that is read from front to back.
final class InputFile {
    let path: String
    private let descriptor: Int32

    /// Opens the file.
    ///
    /// - Throws: `FilesError.missing`, or `.system` when it cannot be opened or is a folder
    init(_ url: URL) throws {
        path = url.path
        // A named pipe that nobody writes to would be waited for without end.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FilesError.current(path, "open it") }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FilesError.current(path, "look at it") }
        if status.st_mode & S_IFMT == S_IFIFO {
            guard path.hasPrefix("/dev/") || path.hasPrefix("/proc/") else {
                throw FilesError.corrupt(
                    path: path, offset: nil, problem: "it is a pipe, expected a file: put one in its place")
            }
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Size in bytes; 0 for pipes and devices.
    func size() throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FilesError.current(path, "look at it") }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw FilesError.system(path: path, operation: "read it", code: EISDIR)
        }
        return Int(status.st_size)
    }

    func identity() throws -> FileParts.Identity {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FilesError.current(path, "look at it") }
        return FileParts.Identity(status)
    }

    /// Fills the front of `buffer`; returns how many bytes came, 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw FilesError.current(path, "read it") }
        }
    }

    /// Hands the rest of the file to `body`, a block at a time.
    func forEachBlock(of blockBytes: Int = 1 << 18, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
        defer { block.deallocate() }
        while case let count = try read(into: block), count > 0 {
            try body(UnsafeRawBufferPointer(rebasing: block[..<count]))
        }
    }

    /// Moves to a byte offset.
    func seek(to offset: Int) throws {
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
            throw FilesError.current(path, "seek in it")
        }
    }

    /// The mapped contents; nil for an empty file, which cannot be mapped.
    func map() throws -> UnsafeRawBufferPointer? {
        let bytes = try size()
        guard bytes > 0 else { return nil }
        guard let start = mmap(nil, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw FilesError.current(path, "map it")
        }
        return UnsafeRawBufferPointer(start: start, count: bytes)
    }
}

extension FileManager {
    /// The kind of thing at a path after following links: nil when there is nothing.
    static func linkType(atPath path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    /// Type of the file at a path, links followed; nil where there is none.
    static func fileType(atPath path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
