import CZlib
import CZstd
import Foundation

/// The content of a compressed file for libarchive to read an archive from, held to the checksums in it.
///
/// libarchive's own gzip filter does not look at the checksum, and its zstd filter stops before the one that
/// stands at the end, so that a flipped bit gives other pixels.
class ContentStream {
    fileprivate let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    /// What is wrong with the file, once that was noticed.
    fileprivate(set) var problem: String?
    /// Bytes that came out so far.
    fileprivate(set) var bytesRead = 0

    /// The stream of a gzip or zstd file, told by its first bytes; nil for others.
    ///
    /// - Throws: `FilesError` for a file that cannot be opened
    static func of(_ url: URL) throws -> ContentStream? {
        var magic: [UInt8] = [0, 0, 0, 0]
        let count = try magic.withUnsafeMutableBytes { try InputFile(url).read(into: $0) }
        if count >= 2, magic[0] == 0x1f, magic[1] == 0x8b { return try GzipStream(url) }
        return magic.withUnsafeBytes { Zstandard.isFrame($0) } ? try ZstandardStream(url) : nil
    }

    deinit { block.deallocate() }

    /// The next bytes, which stay valid until the next call; empty at the end and after a problem.
    func next() -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: block[..<0]) }

    /// Reads to the end, where a checksum stands.
    final func drain() {
        while problem == nil, !next().isEmpty {}
    }
}

private final class GzipStream: ContentStream {
    private let file: gzFile

    init(_ url: URL) throws {
        guard let opened = gzopen(url.path, "rbe") else { throw FilesError.current(url.path, "open it") }
        file = opened
        gzbuffer(file, 1 << 18)
    }

    deinit { gzclose_r(file) }

    override func next() -> UnsafeRawBufferPointer {
        let count = gzread(file, block.baseAddress, UInt32(block.count))
        if count <= 0 {
            var code: Int32 = 0
            let text = gzerror(file, &code).map { String(cString: $0) } ?? ""
            if code != Z_OK, code != Z_STREAM_END { problem = text }
        }
        bytesRead += max(0, Int(count))
        return UnsafeRawBufferPointer(rebasing: block[..<max(0, Int(count))])
    }
}

private final class ZstandardStream: ContentStream {
    private let context: OpaquePointer
    private let file: InputFile
    private let compressed = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    private var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
    private var isAtFrameEnd = true

    init(_ url: URL) throws {
        guard let made = ZSTD_createDCtx() else { preconditionFailure("ZstandardStream: no memory") }
        (context, file) = (made, try InputFile(url))
    }

    deinit {
        ZSTD_freeDCtx(context)
        compressed.deallocate()
    }

    override func next() -> UnsafeRawBufferPointer {
        var output = ZSTD_outBuffer(dst: block.baseAddress, size: block.count, pos: 0)
        do {
            while output.pos == 0, problem == nil {
                if input.pos == input.size {
                    let count = try file.read(into: compressed)
                    input = ZSTD_inBuffer(src: compressed.baseAddress, size: count, pos: 0)
                    if count == 0 {
                        if !isAtFrameEnd { problem = "it ends within a frame" }
                        break
                    }
                }
                let code = ZSTD_decompressStream(context, &output, &input)
                if ZSTD_isError(code) != 0 { problem = String(cString: ZSTD_getErrorName(code)) }
                isAtFrameEnd = code == 0
            }
        } catch { problem = "\(error)" }
        bytesRead += output.pos
        return UnsafeRawBufferPointer(rebasing: block[..<(problem == nil ? output.pos : 0)])
    }
}
