import CKernels
import Foundation

/// The processors that this process may use.
public enum AllowedProcessors {
    /// How many: those the system lets it run on (`taskset`, a batch system, `limit`), or fewer where a
    /// container's control group has less time than that. Foundation counts the machine's.
    public static var count: Int {
        let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        let quota = ProcessorQuota(groups: groups, mounted: URL(fileURLWithPath: "/sys/fs/cgroup"))
        return quota.processors.map { min(bound, $0) } ?? bound
    }

    /// How many the system lets it run on, whatever time it has on them.
    public static var bound: Int { Int(ck_allowed_processors()) }

    /// Leaves the calling thread the first `count` of the processors it has, after `skipping` others; all as
    /// they were where none would be left. Threads made afterwards inherit it, so for the whole process it
    /// must come before the first of them.
    public static func limit(to count: Int, skipping: Int = 0) {
        ck_limit_processors(Int32(clamping: count), Int32(clamping: skipping))
    }
}
