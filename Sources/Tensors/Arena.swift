import Foundation

/// The memory of all tensors of the process: one reserved range of addresses, of which pages are asked for as
/// they are needed and kept, in large pages where the kernel has them.
///
/// The C library's allocator, asked for aligned memory, left up to a third of a training step's memory unused
/// between blocks (glibc 2.36), and getting every freed page back from the kernel costs more than computing
/// what is written to it.
enum Arena {
    /// A cache line, and the width of an AVX-512 register.
    static let alignment = 64
    /// Pages are made usable this many bytes at a time.
    private static let stride = 64 << 20

    /// Behind a lock of the C library's: the sanitizer of threads does not see Swift's `Mutex`, and would
    /// report each block that passes from one thread to another.
    private final class State: @unchecked Sendable {
        private let lock = NSLock()
        private var ranges = FreeRanges()
        private var usable = 0

        func withLock<Result>(_ body: (inout FreeRanges, inout Int) -> Result) -> Result {
            lock.withLock { body(&ranges, &usable) }
        }
    }

    /// The allocator of the process is shared by nature, like the C library's.
    private static let state = State()
    private static let reserved = reserve()

    /// Memory with whatever it held before, aligned to `alignment`, for `giveBack` with the same count of
    /// bytes.
    static func take(bytes: Int) -> UnsafeMutableRawPointer {
        let count = rounded(bytes)
        let range = reserved
        let offset = state.withLock { ranges, usable in
            let offset = ranges.take(count)
            if ranges.end > usable { usable = makeUsable(upTo: ranges.end, of: range, from: usable) }
            return offset
        }
        return range.start + offset
    }

    static func giveBack(_ pointer: UnsafeMutableRawPointer, bytes: Int) {
        let offset = pointer - reserved.start
        state.withLock { ranges, _ in ranges.giveBack(offset..<offset + rounded(bytes)) }
    }

    /// Bytes of the range that were ever in use: the most that tensors took, with the gaps between them.
    static var bytes: Int { state.withLock { ranges, _ in ranges.end } }

    private static func rounded(_ bytes: Int) -> Int {
        (max(bytes, 1) + alignment - 1) & ~(alignment - 1)
    }

    private struct Reserved: @unchecked Sendable {
        let start: UnsafeMutableRawPointer
        let count: Int
    }

    /// Addresses only, no memory: four times what the machine has, but half of what `ulimit -v` allows at
    /// most.
    private static func reserve() -> Reserved {
        var limit = rlimit()
        let isLimited = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
        let count = min(
            Int(clamping: ProcessInfo.processInfo.physicalMemory) * 4,
            isLimited ? Int(clamping: limit.rlim_cur) / 2 : .max)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let start = mmap(nil, count, PROT_NONE, flags, -1, 0), start != MAP_FAILED else {
            exitWithoutMemory(bytes: count)
        }
        madvise(start, count, MADV_HUGEPAGE)
        return Reserved(start: start, count: count)
    }

    private static func makeUsable(upTo end: Int, of range: Reserved, from usable: Int) -> Int {
        let target = (end + stride - 1) / stride * stride
        guard
            target <= range.count,
            mprotect(range.start + usable, target - usable, PROT_READ | PROT_WRITE) == 0
        else {
            exitWithoutMemory(bytes: end)
        }
        return target
    }

    /// Allocation cannot throw, and a trap would hide what was missing.
    private static func exitWithoutMemory(bytes: Int) -> Never {
        let message = """
            error: the system gives no \(bytes >> 20) MB for tensors: allow more (ulimit -v), or take \
            smaller batches

            """
        _ = Array(message.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(EXIT_FAILURE)
    }
}
