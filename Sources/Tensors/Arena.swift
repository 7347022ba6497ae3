import Foundation
import Synchronization

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

    private struct State {
        var ranges = FreeRanges()
        var usable = 0
    }

    /// The allocator of the process is shared by nature, like the C library's.
    private static let state = Mutex(State())
    private static let reserved = reserve()

    /// Memory with whatever it held before, aligned to `alignment`, for `giveBack` with the same count of
    /// bytes.
    static func take(bytes: Int) -> UnsafeMutableRawPointer {
        let count = rounded(bytes)
        let range = reserved
        let offset = state.withLock { state in
            let offset = state.ranges.take(count)
            if state.ranges.end > state.usable {
                state.usable = makeUsable(upTo: state.ranges.end, of: range, from: state.usable)
            }
            return offset
        }
        return range.start + offset
    }

    static func giveBack(_ pointer: UnsafeMutableRawPointer, bytes: Int) {
        let offset = pointer - reserved.start
        state.withLock { $0.ranges.giveBack(offset..<offset + rounded(bytes)) }
    }

    /// Bytes of the range that were ever in use: the most that tensors took, with the gaps between them.
    static var bytes: Int { state.withLock { $0.ranges.end } }

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
