import Foundation

/// Bytes that stay where they are while the object lives; lent, because a pointer does not keep its owner
/// alive.
protocol ByteStore: AnyObject {
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result

    /// Lets the memory of a part go, as far as it can be had again from a file.
    func release(_ range: Range<Int>)

    /// Whether the bytes are a file's own, which all processes that map it share.
    var isMapped: Bool { get }
}

extension ByteStore {
    func release(_ range: Range<Int>) {}

    var isMapped: Bool { false }
}

/// A mapped file.
final class MappedBytes: ByteStore {
    private let mapping: UnsafeRawBufferPointer
    var isMapped: Bool { true }

    init(_ mapping: UnsafeRawBufferPointer) { self.mapping = mapping }

    deinit { munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count) }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(mapping) }
    }

    func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let start = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        guard start < end, let base = mapping.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }
}

/// A buffer that grows at its end. Through realloc, which moves the pages of a large buffer instead of
/// copying them.
final class GrowingBytes: ByteStore {
    private var start: UnsafeMutableRawPointer?
    private var capacity = 0
    private(set) var count = 0

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(start: start, count: count)) }
    }

    init(_ content: [UInt8] = []) {
        guard !content.isEmpty else { return }
        content.withUnsafeBytes { source in
            reserve(source.count).copyMemory(from: source)
            count = source.count
        }
    }

    deinit { free(start) }

    /// Room for at least `extra` bytes after those there are; `commit` says how many of them were filled.
    func reserve(_ extra: Int) -> UnsafeMutableRawBufferPointer {
        if capacity - count < extra {
            let wanted = max(count + extra, 2 * capacity)
            guard let moved = realloc(start, wanted) else {
                preconditionFailure("GrowingBytes: no memory for \(wanted) bytes")
            }
            start = moved
            capacity = wanted
        }
        return UnsafeMutableRawBufferPointer(start: start.map { $0 + count }, count: capacity - count)
    }

    func commit(_ filled: Int) {
        precondition(filled <= capacity - count, "GrowingBytes: more filled than reserved")
        count += filled
    }

    /// A copy. Not `Array(bytes)`, which takes twice as long.
    func array() -> [UInt8] {
        withBytes { source in
            [UInt8](unsafeUninitializedCapacity: source.count) { target, initialized in
                UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
                initialized = source.count
            }
        }
    }
}
