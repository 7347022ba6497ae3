import Files
import Foundation

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
