import CAllocator
import Processors

/// What glibc's allocator keeps of the memory that it gets back.
enum AllocatorPolicy {
    /// Has large blocks go back to the system at once, and a pool of small ones for each processor instead of
    /// eight: what a long run leaves in the gaps of its pools would otherwise grow with the data.
    static func set() {
        mallopt(M_ARENA_MAX, Int32(clamping: AllowedProcessors.count))
        // Given once, it no longer grows with the largest block that was returned.
        mallopt(M_MMAP_THRESHOLD, 1 << 17)
        mallopt(M_TRIM_THRESHOLD, 1 << 17)
    }
}
