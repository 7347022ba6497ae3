import Foundation

/// What control groups leave a process of the machine's processors: a set of them, as `docker run
/// --cpuset-cpus` and batch systems give it, or time on them, as `docker run --cpus` and Kubernetes' limits
/// do (cgroups 2: `cpuset.cpus.effective`, `cpu.max`; 1: `cpuset.effective_cpus`, `cpu.cfs_quota_us`).
///
/// A process with more threads than it has time for would be halted for a part of every tenth of a second,
/// with its threads waiting for each other.
package struct ProcessorGroup {
    /// Processors, or processors' worth of time, rounded up: the least of the group of the process and those
    /// above it; nil without a limit.
    package let processors: Int?

    /// - Parameters:
    ///   - groups: text of `/proc/self/cgroup`: lines `id:controllers:path`
    ///   - mounted: where the groups are mounted: `/sys/fs/cgroup`
    package init(groups: String, mounted: URL) {
        let limits = groups.split(separator: "\n").flatMap { line -> [Double] in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return [] }
            // Of version 1 each set of controllers is mounted by itself, of both together 2 is as well.
            let mounts =
                parts[0] == "0"
                ? ["", "unified"]
                : parts[1].split(separator: ",").filter { ["cpu", "cpuset"].contains($0) }.map(String.init)
                    + [String(parts[1])]
            return mounts.flatMap { mount in
                Self.withAncestors(String(parts[2])).flatMap { path in
                    Self.limits(of: mounted.appendingPathComponent(mount).appendingPathComponent(path))
                }
            }
        }
        processors = limits.min().map { max(1, Int(min($0, 65_536).rounded(.up))) }
    }

    /// `/a/b`, `/a` and `/`: in a container the path may be the host's, and only the last one there.
    private static func withAncestors(_ path: String) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).reversed().map { names.prefix($0).joined(separator: "/") }
    }

    private static func limits(of group: URL) -> [Double] {
        func words(_ file: String) -> [Substring] {
            let text = (try? String(contentsOf: group.appendingPathComponent(file), encoding: .utf8)) ?? ""
            return text.split(whereSeparator: \.isWhitespace)
        }
        var found: [Double] = []
        for file in ["cpuset.cpus.effective", "cpuset.effective_cpus"] {
            if let count = words(file).first.flatMap(count(of:)) { found.append(Double(count)) }
        }
        for pair in [words("cpu.max"), words("cpu.cfs_quota_us") + words("cpu.cfs_period_us")]
        where pair.count == 2 {
            guard let quota = Double(pair[0]), let period = Double(pair[1]), quota > 0, period > 0 else {
                continue
            }
            found.append(quota / period)
        }
        return found
    }

    /// How many are in a list such as `0-3,8`; nil for other text.
    private static func count(of list: Substring) -> Int? {
        var total = 0
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "-", omittingEmptySubsequences: false)
            let ends = words.compactMap { UInt16($0) }
            guard let first = ends.first, let last = ends.last, first <= last, words.count == ends.count,
                ends.count <= 2
            else { return nil }
            total += Int(last - first) + 1
        }
        return total
    }
}
