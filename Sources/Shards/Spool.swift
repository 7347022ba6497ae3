import Files
import Foundation
import Text

/// A file without a name: it is gone when it is closed, also after a crash. Reading and writing are safe from
/// many threads.
package final class Spool: Sendable {
    private let descriptor: Int32
    private let path: String

    package init(in folder: URL) throws {
        path = folder.appendingPathComponent(".spool.partial-\(UUID().uuidString)").path
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FilesError.system(path: path, operation: "create", code: errno) }
        unlink(path)
    }

    deinit { close(descriptor) }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw FilesError.system(path: path, operation: "write", code: count < 0 ? errno : ENOSPC)
            }
            done += count
        }
    }

    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            let count = pread(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw FilesError.system(path: path, operation: "read", code: count < 0 ? errno : EIO)
            }
            done += count
        }
    }
}

/// Prepared pictures on disk: image number i is at i * `recordBytes`.
final class PixelSpool: Sendable {
    let recordBytes: Int
    private let spool: Spool

    init(in folder: URL, recordBytes: Int) throws {
        self.recordBytes = recordBytes
        spool = try Spool(in: folder)
    }

    func write(_ pixels: [UInt8], image: Int) throws {
        precondition(pixels.count == recordBytes, "a record of \(pixels.count) bytes, not \(recordBytes)")
        try pixels.withUnsafeBytes { try spool.write($0, at: image * recordBytes) }
    }

    func copy(image: Int, to sink: any ByteSink) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: recordBytes, alignment: 16)
        defer { buffer.deallocate() }
        try spool.read(into: buffer, at: image * recordBytes)
        try sink.write(UnsafeRawBufferPointer(buffer))
    }
}

/// Encoded samples on disk, in the order they were appended.
struct SampleSpool: Sendable {
    private let spool: Spool
    private var end = 0

    init(in folder: URL) throws { spool = try Spool(in: folder) }

    /// Place at which a sample was put.
    struct Place: Sendable {
        let offset: Int
        let idBytes, tokens: Int32
    }

    /// Layout: the id's UTF-8, then `[tokens]` ids as i32, then `[tokens]` u8 that are 1 where the token is
    /// its own label.
    mutating func append(id: String, _ tokens: TokenizedConversation) throws -> Place {
        let id = Array(id.utf8)
        let place = Place(offset: end, idBytes: Int32(id.count), tokens: Int32(tokens.ids.count))
        let bytes =
            id + tokens.ids.flatMap { id in withUnsafeBytes(of: id.littleEndian) { Array($0) } }
            + tokens.labels.map { $0 == ShardFormat.ignoreIndex ? 0 : 1 }
        try bytes.withUnsafeBytes { try spool.write($0, at: end) }
        end += bytes.count
        return place
    }

    func read(_ place: Place) throws -> (id: String, tokens: TokenizedConversation) {
        let (idBytes, tokens) = (Int(place.idBytes), Int(place.tokens))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: idBytes + 5 * tokens, alignment: 16)
        defer { bytes.deallocate() }
        try spool.read(into: bytes, at: place.offset)
        let flags = idBytes + 4 * tokens
        let ids = (0..<tokens).map {
            Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: idBytes + 4 * $0, as: Int32.self))
        }
        let labels = zip(ids, bytes[flags...]).map { $1 == 1 ? $0 : ShardFormat.ignoreIndex }
        return (
            String(decoding: bytes[..<idBytes], as: UTF8.self),
            TokenizedConversation(ids: ids, labels: labels)
        )
    }
}
