import Foundation

/// A safetensors file, plain (mapped, read on demand) or zstd-compressed (decompressed into memory).
///
/// Everything its header says is checked when it is opened; see docs/formats.md for the layout.
public final class SafeTensorsFile: @unchecked Sendable {  // the store is private and not changed after init
    /// The path, or what the caller called the bytes: for error messages.
    public let path: String
    public let metadata: [String: String]
    /// The tensors in the order of their bytes.
    public let entries: [TensorEntry]
    public var names: [String] { entries.map(\.name) }

    private let store: any ByteStore
    /// By bytes, since equality of strings would join names that differ only in normal form.
    private let indexByName: [[UInt8]: Int]

    /// Opens a file; a zstd frame is recognised by its first bytes, whatever the name.
    ///
    /// - Parameter limit: the most bytes a compressed file may decompress to
    /// - Throws: `FilesError`, naming the file, the tensor and the offset
    public convenience init(_ url: URL, limit: Int = .max) throws {
        guard let mapping = try InputFile(url).map() else {
            throw FilesError.corrupt(
                path: url.path, offset: 0, problem: "not a whole safetensors file: it is empty")
        }
        let mapped = MappedBytes(mapping)
        let isCompressed = mapped.withBytes { Zstandard.isFrame($0) }
        try self.init(
            isCompressed ? Zstandard.decodeFile(url, limit: limit) : mapped, path: url.path)
    }

    /// Reads a file that is in memory, compressed or not; `name` stands for it in errors.
    public convenience init(bytes: [UInt8], name: String, limit: Int = .max) throws {
        let isCompressed = bytes.withUnsafeBytes { Zstandard.isFrame($0) }
        try self.init(
            GrowingBytes(isCompressed ? Zstandard.decompress(bytes, name: name, limit: limit) : bytes),
            path: name)
    }

    private init(_ store: any ByteStore, path: String) throws {
        let header = try store.withBytes { try SafeTensorsHeader($0, name: path) }
        self.store = store
        self.path = path
        metadata = header.metadata
        entries = header.entries
        indexByName = Dictionary(
            header.entries.enumerated().map { (Array($1.name.utf8), $0) },
            uniquingKeysWith: { first, _ in first })
    }

    public func contains(_ name: String) -> Bool { indexByName[Array(name.utf8)] != nil }

    /// What the header says about a tensor.
    ///
    /// - Throws: `FilesError.missingTensor` with names that are like it
    public func entry(_ name: String) throws -> TensorEntry {
        guard let index = indexByName[Array(name.utf8)] else {
            throw FilesError.missingTensor(
                file: path, tensor: name, near: Spelling.nearest(to: name, among: names))
        }
        return entries[index]
    }

    /// Lends the tensor's bytes, little endian, row-major; valid during the call. They need not be aligned.
    public func withBytes<Result>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
        -> Result
    {
        let range = try entry(name).byteRange
        return try store.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// A tensor's bytes where they are a part of the mapped file; nil for a compressed one, or where they do
    /// not begin at a multiple of their size. Valid while this object lives.
    public func mapped(_ entry: TensorEntry) -> UnsafeRawBufferPointer? {
        guard store.isMapped else { return nil }
        let bytes = store.withBytes { UnsafeRawBufferPointer(rebasing: $0[entry.byteRange]) }
        return UInt(bitPattern: bytes.baseAddress) % UInt(entry.dtype.byteCount) == 0 ? bytes : nil
    }

    /// The same for some elements of a tensor, row-major. Afterwards their memory is let go: who reads a file
    /// of any size so needs no more than the largest part.
    public func withBytes<Result>(
        of name: String, elements: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        let entry = try entry(name)
        guard elements.lowerBound >= 0, elements.upperBound <= entry.count else {
            throw FilesError.badTensor(
                file: path, tensor: name, offset: nil, problem: "is \(entry.shape), it has no \(elements)")
        }
        let (start, size) = (entry.byteRange.lowerBound, entry.dtype.byteCount)
        let range = start + elements.lowerBound * size..<start + elements.upperBound * size
        defer { store.release(range) }
        return try store.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}
