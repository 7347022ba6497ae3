import Files
import Foundation

/// A process as others can find out whether it lives: process ids are used again, start times are not.
struct ClaimOwner: Codable, Equatable {
    let host: String
    /// Id of the running kernel: differs after a reboot, and between machines of one name.
    let boot: String
    /// Process ids mean something within their namespace only (containers).
    let namespace: String
    let pid: Int32
    /// Clock ticks between boot and the start of the process.
    let start: UInt64

    static func current() -> ClaimOwner {
        let pid = getpid()
        return ClaimOwner(
            host: HostName.current, boot: boot(), namespace: namespace(), pid: pid,
            start: status(of: pid)?.start ?? 0)
    }

    /// Whether the process lives; nil where this process cannot know.
    func isAlive(seenFrom observer: ClaimOwner) -> Bool? {
        guard !boot.isEmpty, boot == observer.boot, !namespace.isEmpty, namespace == observer.namespace else {
            return nil
        }
        guard let now = Self.status(of: pid) else { return false }
        return now.start == start && now.state != "Z" && now.state != "X"
    }

    private static func boot() -> String {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }

    private static func namespace() -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    }

    /// State letter and start time of a process, proc(5); nil when there is none.
    private static func status(of pid: Int32) -> (state: String, start: UInt64)? {
        // The second field, the name in parentheses, may hold anything.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .isoLatin1),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let start = UInt64(fields[19]) else { return nil }
        return (String(fields[0]), start)
    }
}
