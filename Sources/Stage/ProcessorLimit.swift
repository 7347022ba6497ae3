import Foundation

/// Which processors this process may run on.
package enum ProcessorLimit {
    private typealias Affinity = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32

    /// Leaves the process the first `count` of the processors it has, after `skipping` others. Threads made
    /// afterwards inherit it, so it must come before the first thread. Who asks the system finds so many
    /// (`ShortWork`); Foundation goes on counting the machine's, and with it `Machine.processors`.
    package static func apply(_ count: Int, skipping: Int = 0) {
        // Swift's Glibc module hides these two, which are declared for GNU sources only.
        guard let get = dlsym(nil, "sched_getaffinity"), let set = dlsym(nil, "sched_setaffinity") else {
            return
        }
        var mask = [UInt8](repeating: 0, count: 128)
        guard unsafeBitCast(get, to: Affinity.self)(0, mask.count, &mask) >= 0 else { return }
        var (left, skipped) = (count, 0)
        for index in mask.indices {
            for bit in 0..<8 where mask[index] & (1 << bit) != 0 {
                if skipped < skipping {
                    skipped += 1
                    mask[index] &= ~(1 << bit)
                } else if left > 0 {
                    left -= 1
                } else {
                    mask[index] &= ~(1 << bit)
                }
            }
        }
        _ = unsafeBitCast(set, to: Affinity.self)(0, mask.count, &mask)
    }
}
