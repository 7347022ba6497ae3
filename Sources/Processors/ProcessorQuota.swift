import Foundation

/// The time on processors that control groups leave a process, as `docker run --cpus 2` and Kubernetes'
/// limits set it (cgroups 2: `cpu.max`; 1: `cpu.cfs_quota_us` and `cpu.cfs_period_us`).
///
/// A process with more threads than that would be halted for a part of every tenth of a second, with its
/// threads waiting for each other.
package struct ProcessorQuota {
    /// Processors' worth of time, rounded up, by the group of the process and those above it; nil without a
    /// quota.
    package let processors: Int?

    /// - Parameters:
    ///   - groups: text of `/proc/self/cgroup`: lines `id:controllers:path`
    ///   - mounted: where the groups are mounted: `/sys/fs/cgroup`
    package init(groups: String, mounted: URL) {
        let shares = groups.split(separator: "\n").flatMap { line -> [Double] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            let controllers = parts[1].split(separator: ",")
            guard parts[0] == "0" || controllers.contains("cpu") else { return [] }
            // Of version 1 each set of controllers is mounted by itself, of both together 2 is as well.
            let mounts = parts[0] == "0" ? ["", "unified"] : ["cpu", String(parts[1])]
            return mounts.flatMap { mount in
                Self.withAncestors(String(parts[2])).compactMap { path in
                    Self.share(of: mounted.appendingPathComponent(mount).appendingPathComponent(path))
                }
            }
        }
        processors = shares.min().map { max(1, Int(min($0, 65_536).rounded(.up))) }
    }

    /// `/a/b`, `/a` and `/`: in a container the path may be the host's, and only the last one there.
    private static func withAncestors(_ path: String) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).reversed().map { names.prefix($0).joined(separator: "/") }
    }

    /// Time of processors a group has in a period, by the period.
    private static func share(of group: URL) -> Double? {
        func numbers(_ file: String) -> [Double?] {
            let text = (try? String(contentsOf: group.appendingPathComponent(file), encoding: .utf8)) ?? ""
            return text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        }
        var pair = numbers("cpu.max")
        if pair.isEmpty { pair = numbers("cpu.cfs_quota_us") + numbers("cpu.cfs_period_us") }
        guard pair.count == 2, let quota = pair[0], let period = pair[1], quota > 0, period > 0 else {
            return nil
        }
        return quota / period
    }
}
