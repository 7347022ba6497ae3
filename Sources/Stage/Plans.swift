import Foundation

/// Lines that the plans of several stages have.
public enum Plans {
    public static func gigabytes(_ bytes: Int) -> String { String(format: "%.3g GB", Double(bytes) / 1e9) }

    /// Memory by part.
    ///
    /// - Parameters:
    ///   - parts: names and bytes
    ///   - mapped: bytes of weights that are read where their files have them
    ///   - own: of the process, bytes; what the parts leave of it is the rest
    ///   - rest: what that is called
    public static func memory(
        _ parts: [(name: String, bytes: Int)], mapped: Int = 0, own: Int, rest: String
    ) -> String {
        let left = max(0, own - parts.reduce(0) { $0 + $1.bytes })
        let all = parts + [(rest, left)]
        return "memory: " + all.map { "\($0.name) \(gigabytes($0.bytes))" }.joined(separator: ", ")
            + "; \(gigabytes(all.reduce(0) { $0 + $1.bytes })) in all"
            + (mapped == 0
                ? "" : ", and \(gigabytes(mapped)) of weights in files, of which memory is a cache")
    }

    /// Hours of one process and of several.
    ///
    /// - Parameters:
    ///   - limit: processes that there is work for
    ///   - hours: of so many processes
    public static func hours(_ what: String, limit: Int, _ hours: (_ processes: Int) -> Double) -> String {
        func text(_ processes: Int) -> String { String(format: "%.3g h", hours(processes)) }
        let several = sequence(first: 2) { $0 * 2 }.prefix { $0 <= min(limit, 1 << 20) }
        let list = several.map { "\($0): \(text($0))" }
        return "\(what): \(text(1))"
            + (list.isEmpty
                ? ""
                : "; with processes on machines like this one, network left out, "
                    + list.joined(separator: ", "))
    }
}
