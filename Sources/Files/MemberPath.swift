/// Paths inside archives and data folders.
public enum MemberPath {
    /// The path without `.`, empty parts and a leading `/`, and with `a/..` resolved: `./a//b` is `a/b`.
    ///
    /// - Returns: nil when nothing is left or the path leads out of its root
    public static func normalized(_ path: String) -> String? {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(part)
            }
        }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }
}
