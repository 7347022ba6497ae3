import CKernels
import Foundation

/// The processors that this process may use.
public enum AllowedProcessors {
    /// How many: those the system lets it run on (`taskset`, a batch system, `limit`), or fewer where a
    /// container's control group leaves it less time than that.
    public static var count: Int { min(bound, ofGroup) }

    /// How many the machine has for its control group (a container, a job): the same for all processes in it,
    /// however they are bound. What a result is cut by must be such a number, or it would have other last
    /// bits in two processes than in one.
    public static var ofGroup: Int {
        let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        let limit = ProcessorGroup(groups: groups, mounted: URL(fileURLWithPath: "/sys/fs/cgroup"))
        let online = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return limit.processors.map { min(online, $0) } ?? online
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
