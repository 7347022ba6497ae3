import Foundation

/// Collects named tensors and writes them as one safetensors file.
///
/// A tensor's bytes are asked for while the file is written, so a big model is never in memory twice. The
/// bytes stand in the file by falling element size (as the reference implementation orders them, so that
/// every tensor is aligned), and among equals in the order they were added. Same tensors, same bytes.
public struct SafeTensorsWriter {
    /// How the file is stored.
    public enum Compression: Equatable, Sendable {
        case none
        case zstandard(level: Int)
    }

    /// Free text about the file, written under `__metadata__`.
    public var metadata: [String: String]

    private struct Tensor {
        let name: String
        let dtype: ElementType
        let shape: [Int]
        let byteCount: Int
        let write: (any ByteSink) throws -> Void
    }
    private var tensors: [Tensor] = []

    public init(metadata: [String: String] = [:]) { self.metadata = metadata }

    /// Adds a tensor whose bytes (little endian, row-major) `write` hands over when the file is written.
    public mutating func add(
        _ name: String, _ dtype: ElementType, shape: [Int], write: @escaping (any ByteSink) throws -> Void
    ) {
        guard let bytes = dtype.byteCount(shape: shape) else {
            preconditionFailure("SafeTensorsWriter: '\(name)' has shape \(shape)")
        }
        precondition(name != "__metadata__", "SafeTensorsWriter: '__metadata__' is reserved")
        tensors.append(Tensor(name: name, dtype: dtype, shape: shape, byteCount: bytes, write: write))
    }

    /// Adds a tensor of bytes that are there already.
    public mutating func add(_ name: String, _ dtype: ElementType, shape: [Int], bytes: [UInt8]) {
        add(name, dtype, shape: shape) { try $0.write(bytes) }
    }

    /// Adds integers; `shape` is `[values.count]` unless given.
    public mutating func add<Value: FixedWidthInteger>(_ name: String, _ values: [Value], shape: [Int]? = nil)
    {
        let kind = Value.isSigned ? "I" : "U"
        guard let dtype = ElementType(rawValue: "\(kind)\(Value.bitWidth)") else {
            preconditionFailure("SafeTensorsWriter: no type for \(Value.self)")
        }
        add(name, dtype, shape: shape ?? [values.count]) { sink in
            try values.withUnsafeBytes { try sink.write($0) }
        }
    }

    /// Adds floats, stored as F32, BF16 or F16 (rounded to nearest, ties to even).
    public mutating func add(
        _ name: String, _ values: [Float], shape: [Int]? = nil, as dtype: ElementType = .float32
    ) {
        add(name, dtype, shape: shape ?? [values.count]) { sink in
            try values.withUnsafeBufferPointer { try SafeTensorsWriter.write($0, as: dtype, to: sink) }
        }
    }

    /// Writes floats in a storage type, a block at a time: for `write` closures over values that live
    /// elsewhere.
    public static func write(
        _ values: UnsafeBufferPointer<Float>, as dtype: ElementType, to sink: any ByteSink
    ) throws {
        let round: (Float) -> UInt16
        switch dtype {
        case .float32: return try sink.write(UnsafeRawBufferPointer(values))
        case .bfloat16: round = FloatConversion.bfloat16
        case .float16: round = { Float16($0).bitPattern }
        default: preconditionFailure("SafeTensorsWriter: floats cannot be stored as \(dtype.rawValue)")
        }
        for start in stride(from: 0, to: values.count, by: 1 << 16) {
            let part = values[start..<min(values.count, start + 1 << 16)]
            let block = part.map(round)
            let infinite = dtype == .float16 ? 0x7c00 : 0x7f80 as UInt16
            for (bits, value) in zip(block, part) where bits & 0x7fff == infinite && value.isFinite {
                throw TooLarge(value: value)
            }
            try block.withUnsafeBytes { try sink.write($0) }
        }
    }

    /// A finite number became infinite where it was rounded.
    private struct TooLarge: Error { let value: Float }

    /// Writes the file atomically.
    ///
    /// - Returns: its size on disk in bytes
    /// - Throws: `FilesError.unwritable` for two tensors of one name or a provider that gives too few or too
    ///   many bytes; `.system` when the disk refuses
    @discardableResult
    public func write(to url: URL, compression: Compression = .none) throws -> Int {
        let file = try AtomicFile(url)
        try write(to: file, compression: compression, path: url.path)
        try file.commit()
        return file.bytesWritten
    }

    /// The whole file in memory.
    public func serialized(compression: Compression = .none) throws -> [UInt8] {
        let sink = MemorySink()
        // An array that grows takes twice its size while it does.
        if case .none = compression { sink.reserve(tensors.reduce(0) { $0 + $1.byteCount } + 1 << 16) }
        try write(to: sink, compression: compression, path: "safetensors in memory")
        return sink.bytes
    }

    private func write(to sink: any ByteSink, compression: Compression, path: String) throws {
        // Stable, so that equals stay in the caller's order.
        let ordered = tensors.enumerated()
            .sorted { ($1.element.dtype.byteCount, $0.offset) < ($0.element.dtype.byteCount, $1.offset) }.map(
                \.element)
        let header = try headerBytes(ordered, path: path)
        guard case .zstandard(let level) = compression else {
            return try write(header, ordered, to: sink, path: path)
        }
        let total = ordered.reduce(header.count) { $0 + $1.byteCount }
        let writer = ZstandardWriter(to: sink, level: level, contentBytes: total)
        try write(header, ordered, to: writer, path: path)
        try writer.finish()
    }

    private func write(_ header: [UInt8], _ ordered: [Tensor], to sink: any ByteSink, path: String) throws {
        try sink.write(header)
        for tensor in ordered {
            let counter = CountingSink(sink, limit: tensor.byteCount)
            do {
                try tensor.write(counter)
                guard counter.count == tensor.byteCount else { throw CountingSink.WrongCount() }
            } catch is CountingSink.WrongCount {
                throw FilesError.unwritable(
                    path: path,
                    problem:
                        "tensor '\(tensor.name)' \(tensor.shape) takes \(tensor.byteCount) bytes and was "
                        + "given \(counter.count)"
                )
            } catch let error as TooLarge {
                throw FilesError.badTensor(
                    file: path, tensor: tensor.name, offset: nil,
                    problem:
                        "has the value \(error.value), which \(tensor.dtype.rawValue) cannot hold; store "
                        + "the weights as another type")
            }
        }
    }

    /// Length and JSON, padded with spaces so that the data starts at a multiple of 8.
    private func headerBytes(_ ordered: [Tensor], path: String) throws -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map {
                "\(JSONText.quote($0.key)):\(JSONText.quote($0.value))"
            }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var seen: Set<[UInt8]> = []
        var offset = 0
        for tensor in ordered {
            guard seen.insert(Array(tensor.name.utf8)).inserted else {
                throw FilesError.unwritable(path: path, problem: "two tensors are called '\(tensor.name)'")
            }
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let end = offset + tensor.byteCount
            fields.append(
                "\(JSONText.quote(tensor.name)):{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var json = Array("{\(fields.joined(separator: ","))}".utf8)
        json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        guard json.count <= Limit.headerBytes.standard else {
            throw FilesError.unwritable(
                path: path, problem: "a header of \(json.count) bytes is more than readers accept")
        }
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }
}

/// Passes bytes on and counts them, up to a limit.
private final class CountingSink: ByteSink {
    struct WrongCount: Error {}

    private let sink: any ByteSink
    private let limit: Int
    private(set) var count = 0

    init(_ sink: any ByteSink, limit: Int) {
        self.sink = sink
        self.limit = limit
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        count += bytes.count
        guard count <= limit else { throw WrongCount() }
        try sink.write(bytes)
    }
}
