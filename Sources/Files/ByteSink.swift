/// Takes bytes in order: a file, a compressor in front of a file, a digest.
public protocol ByteSink: AnyObject {
    /// Appends the bytes; they are not kept after the call.
    func write(_ bytes: UnsafeRawBufferPointer) throws
}

extension ByteSink {
    public func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Appends the text as UTF-8.
    public func write(_ text: String) throws {
        try write(Array(text.utf8))
    }
}

/// Keeps what it is given in memory.
public final class MemorySink: ByteSink {
    public private(set) var bytes: [UInt8] = []
    public init() {}
    /// Makes room for that many bytes.
    func reserve(_ count: Int) { bytes.reserveCapacity(count) }
    public func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}
