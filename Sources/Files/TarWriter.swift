import CArchive
import Foundation

/// Writes a ustar archive atomically; the same members give the same bytes on every machine and day.
public final class TarWriter {
    private let path: String
    private let file: AtomicFile
    private let compressor: ZstandardWriter?
    private let handle: OpaquePointer
    private let output: Output

    /// Opens the archive for writing.
    ///
    /// - Parameter compression: `.zstandard` makes a .tar.zst
    /// - Throws: `FilesError.system`
    public init(_ url: URL, compression: SafeTensorsWriter.Compression = .none) throws {
        path = url.path
        file = try AtomicFile(url)
        if case .zstandard(let level) = compression {
            compressor = ZstandardWriter(to: file, level: level)
        } else {
            compressor = nil
        }
        output = Output(compressor ?? file)
        guard let made = archive_write_new() else { preconditionFailure("TarWriter: no memory") }
        handle = made
        archive_write_set_format_ustar(handle)
        archive_write_add_filter_none(handle)
        let write: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?, Int) -> Int =
            { handle, context, bytes, count in
                guard let context else { return -1 }
                return Unmanaged<Output>.fromOpaque(context).takeUnretainedValue().write(bytes, count, handle)
            }
        // `output` outlives the handle: both are fields of this object, and deinit frees the handle first.
        guard
            archive_write_open(handle, Unmanaged.passUnretained(output).toOpaque(), nil, write, nil)
                == ARCHIVE_OK
        else {
            throw failure("open the archive")
        }
    }

    deinit {
        // Freeing closes, and closing writes an end mark: into nothing, if commit() was not reached.
        output.isDead = true
        archive_write_free(handle)
    }

    /// Appends a file: mode 0644, owner 0, time 0.
    ///
    /// - Parameter name: relative path; ustar takes 100 bytes, or 255 that split at a `/` into 155 and 100
    public func add(_ name: String, _ bytes: [UInt8]) throws {
        guard let normalized = MemberPath.normalized(name), let entry = archive_entry_new() else {
            throw FilesError.unwritable(path: path, problem: "'\(name)' is no path for a member")
        }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, normalized)
        archive_entry_set_filetype(entry, UInt32(S_IFREG))
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_size(entry, Int64(bytes.count))
        archive_entry_set_mtime(entry, 0, 0)
        archive_entry_set_uid(entry, 0)
        archive_entry_set_gid(entry, 0)
        guard archive_write_header(handle, entry) == ARCHIVE_OK else {
            throw failure("write the header of '\(name)'")
        }
        let count = bytes.withUnsafeBytes { archive_write_data(handle, $0.baseAddress, $0.count) }
        guard count == bytes.count, archive_write_finish_entry(handle) == ARCHIVE_OK else {
            throw failure("write '\(name)'")
        }
    }

    /// Ends the archive and gives it its name.
    public func commit() throws {
        guard archive_write_close(handle) == ARCHIVE_OK else { throw failure("end the archive") }
        try compressor?.finish()
        try file.commit()
    }

    private func failure(_ operation: String) -> any Error {
        if let error = output.error { return error }
        let message = archive_error_string(handle).map { String(cString: $0) } ?? "unknown error"
        return FilesError.unwritable(path: path, problem: "cannot \(operation): \(message)")
    }

    /// Box in which libarchive's callback leaves its bytes, and the error it cannot throw.
    private final class Output {
        private let sink: any ByteSink
        private(set) var error: (any Error)?
        var isDead = false
        init(_ sink: any ByteSink) { self.sink = sink }

        func write(_ bytes: UnsafeRawPointer?, _ count: Int, _ handle: OpaquePointer?) -> Int {
            if isDead { return count }
            do {
                guard error == nil else { return -1 }
                try sink.write(UnsafeRawBufferPointer(start: bytes, count: count))
                return count
            } catch {
                self.error = error
                return -1
            }
        }
    }
}
