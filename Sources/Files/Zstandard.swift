import CZstd
import Foundation

/// Zstandard compression; every frame we write carries a checksum of its content.
public enum Zstandard {
    /// The level for data that is written once and read often.
    public static let defaultLevel = 3

    /// The bytes as one frame.
    public static func compress(_ bytes: [UInt8], level: Int = defaultLevel) throws -> [UInt8] {
        let sink = MemorySink()
        let writer = ZstandardWriter(to: sink, level: level, contentBytes: bytes.count)
        try writer.write(bytes)
        try writer.finish()
        return sink.bytes
    }

    /// The content of one or more frames.
    ///
    /// - Parameters:
    ///   - name: what errors call these bytes
    ///   - limit: the most bytes that may come out, where that is less than `Limit` allows for this size
    /// - Throws: `FilesError.corrupt` with the offset in the compressed bytes, `FilesError.tooLarge`
    public static func decompress(_ bytes: [UInt8], name: String, limit: Int = .max) throws -> [UInt8] {
        let decoder = ZstandardDecoder(name: name, limit: limit, compressedBytes: bytes.count)
        try bytes.withUnsafeBytes { try decoder.feed($0) }
        return try decoder.finish().array()
    }

    static func decodeFile(_ url: URL, limit: Int) throws -> GrowingBytes {
        let file = try InputFile(url)
        let decoder = try ZstandardDecoder(name: url.path, limit: limit, compressedBytes: file.size())
        try file.forEachBlock { try decoder.feed($0) }
        return try decoder.finish()
    }

    /// Whether the bytes start as a zstd frame does.
    public static func isFrame(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 4 && bytes[0] == 0x28 && bytes[1] == 0xb5 && bytes[2] == 0x2f && bytes[3] == 0xfd
    }
}

/// Decompresses frames that arrive in pieces. Memory grows with what came out; the size a frame's header
/// claims is not looked at.
final class ZstandardDecoder {
    private let context: OpaquePointer
    private let name: String
    private let limit: Int
    private let limitName: Limit?
    private let output = GrowingBytes()
    private var consumed = 0
    private var isAtFrameEnd = false

    init(name: String, limit: Int, compressedBytes: Int) {
        guard let made = ZSTD_createDCtx() else {
            preconditionFailure("ZstandardDecoder: no memory for a context")
        }
        context = made
        self.name = name
        let plausible = Limit.decompressed(from: compressedBytes)
        self.limit = min(limit, plausible)
        limitName = limit <= plausible ? nil : .compressionRatio
    }

    deinit { ZSTD_freeDCtx(context) }

    func feed(_ bytes: UnsafeRawBufferPointer) throws {
        guard !bytes.isEmpty else { return }
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isFull = false
        while input.pos < input.size || isFull {
            let room = output.reserve(ZSTD_DStreamOutSize())
            var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            let code = ZSTD_decompressStream(context, &target, &input)
            guard ZSTD_isError(code) == 0 else {
                let problem = String(cString: ZSTD_getErrorName(code))
                throw FilesError.corrupt(
                    path: name, offset: consumed + input.pos,
                    problem: "corrupt zstd data (\(problem)); make or fetch the file again")
            }
            isFull = target.pos == target.size && code != 0
            isAtFrameEnd = code == 0
            output.commit(target.pos)
            guard output.count <= limit else {
                throw FilesError.tooLarge(
                    path: name, item: "the decompressed content", limit: limit, name: limitName)
            }
        }
        consumed += bytes.count
    }

    /// Bytes that came out, after checking that the last frame was whole.
    func finish() throws -> GrowingBytes {
        guard isAtFrameEnd else {
            let problem =
                consumed == 0
                ? "empty, where a zstd frame should start" : "truncated: the last zstd frame does not end"
            throw FilesError.corrupt(
                path: name, offset: consumed, problem: "\(problem); make or fetch the file again")
        }
        return output
    }
}
