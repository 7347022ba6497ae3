import Foundation

/// Which processors this process may run on.
enum ProcessorLimit {
    /// Leaves the process the first `count` of the processors it has. Threads made afterwards inherit it, and everything that asks
    /// how many processors there are finds so many; so it must come before the first thread.
    static func apply(_ count: Int) {
        #if os(Linux)
        var set = cpu_set_t()
        guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else { return }
        withUnsafeMutableBytes(of: &set) { bytes in
            var left = count
            for index in bytes.indices {
                for bit in 0..<8 where bytes[index] & (1 << bit) != 0 {
                    if left > 0 { left -= 1 } else { bytes[index] &= ~(1 << bit) }
                }
            }
        }
        sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &set)
        #endif
    }
}
