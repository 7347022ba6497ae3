import Foundation

/// Writes a TFRecord file: records of bytes, each between checksums.
///
/// A record is its length (8 bytes, little endian), the length's masked CRC-32C (4), the bytes, and their
/// masked CRC-32C (4). Each is one `write`, so a reader that follows the file sees whole records or the start
/// of one.
public final class RecordWriter {
    private let path: String
    private let descriptor: Int32

    /// - Throws: `FilesError.system` where the file cannot be made or there is one already
    public init(creating url: URL) throws {
        path = url.path
        try AtomicOutput.makeFolder(url.deletingLastPathComponent())
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FilesError.current(path, "create it") }
    }

    deinit { close(descriptor) }

    /// Appends one record with its length and checksums.
    public func append(_ record: [UInt8]) throws {
        try Self.framed(record).withUnsafeBytes {
            try AtomicOutput.writeAll($0, to: descriptor, path: path)
        }
    }

    /// Returns when every record so far is on the disk.
    public func synchronize() throws {
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FilesError.current(path, "sync it") }
    }

    static func framed(_ record: [UInt8]) -> [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian, Array.init)
        }
        let length = bytes(UInt64(record.count))
        return length + bytes(CRC32C.masked(length)) + record + bytes(CRC32C.masked(record))
    }
}
