import COpenBLAS
import Foundation

/// What the process asks of the machine, once.
public enum Machine {
    /// OpenBLAS stays on the calling thread, because `parallel` splits the work and spinning BLAS threads
    /// would fight it; freed memory of oneDNN's and of samples stays with the process, because getting pages
    /// back from the kernel takes longer than filling them (tensors have memory of their own, `Arena`).
    private static let prepared: Void = {
        openblas_set_num_threads(1)
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, Int32.max)
    }()

    package static func prepare() { _ = prepared }

    /// Most bytes that the tensors of this process took at one time, with the gaps between them.
    public static var tensorBytes: Int { Arena.bytes }

    /// Number of processors this process may use.
    public static let processors = ProcessInfo.processInfo.activeProcessorCount

    /// The kernels OpenBLAS chose for this processor, such as `SkylakeX`.
    public static var blasCore: String { String(cString: openblas_get_corename()) }
}

/// Runs `body` over pieces of `0 ..< count` on all processors. The pieces depend on `count` and `grain`
/// alone, so results do not depend on the number of threads.
///
/// - Parameter grain: items a piece holds at least; less work than two pieces runs on the calling thread
public func parallel(_ count: Int, grain: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let pieces = min(16, count / max(1, grain))
    guard pieces > 1, Machine.processors > 1 else {
        if count > 0 { body(0..<count) }
        return
    }
    DispatchQueue.concurrentPerform(iterations: pieces) { piece in
        body(count * piece / pieces..<count * (piece + 1) / pieces)
    }
}

/// Runs every task `0 ..< count` on whichever processor is free. Tasks write to different memory.
public func parallelTasks(_ count: Int, _ body: @Sendable (Int) -> Void) {
    guard count > 1, Machine.processors > 1 else {
        for index in 0..<count { body(index) }
        return
    }
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
}
