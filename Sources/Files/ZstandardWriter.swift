import CZstd

/// Compresses what it is given into one frame in front of another sink.
public final class ZstandardWriter: ByteSink {
    private let sink: any ByteSink
    private let context: OpaquePointer
    private let output: UnsafeMutableRawBufferPointer

    /// - Parameters:
    ///   - level: 1 (fast) to 19 (small)
    ///   - contentBytes: the size of what will be written, when it is known: readers can then allocate once
    public init(to sink: any ByteSink, level: Int = Zstandard.defaultLevel, contentBytes: Int? = nil) {
        precondition((1...19).contains(level), "ZstandardWriter: level \(level) is not in 1...19")
        guard let made = ZSTD_createCCtx() else {
            preconditionFailure("ZstandardWriter: no memory for a context")
        }
        self.sink = sink
        context = made
        output = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 16)
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        if let contentBytes { ZSTD_CCtx_setPledgedSrcSize(context, UInt64(contentBytes)) }
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while input.pos < input.size { _ = try step(&input, ZSTD_e_continue) }
    }

    /// Ends the frame; the sink under it is the caller's to finish.
    public func finish() throws {
        var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
        while try step(&input, ZSTD_e_end) != 0 {}
    }

    private func step(_ input: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective) throws -> Int {
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let rest = ZSTD_compressStream2(context, &target, &input, directive)
        guard ZSTD_isError(rest) == 0 else {
            throw FilesError.unwritable(
                path: "zstd stream",
                problem: "zstd cannot compress: \(String(cString: ZSTD_getErrorName(rest)))")
        }
        if target.pos > 0 {
            try sink.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(output)[..<target.pos]))
        }
        return rest
    }
}
