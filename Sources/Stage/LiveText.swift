/// Several lines that are rewritten in place on a terminal. Elsewhere they are written when they change.
public final class LiveText {
    public let isTerminal: Bool
    private let put: (String) -> Void
    private var shown: [String] = []

    /// - Parameter put: where the text goes; stderr unless given
    public init(
        isTerminal: Bool = StandardError.isTerminal, put: @escaping (String) -> Void = StandardError.put
    ) {
        (self.isTerminal, self.put) = (isTerminal, put)
    }

    public func show(_ lines: [String]) {
        guard lines != shown else { return }
        // Up to the first line, and each line cleared to its end.
        let up = isTerminal && !shown.isEmpty ? "\u{1B}[\(shown.count)A\u{1B}[J" : ""
        put(up + lines.map { $0 + "\n" }.joined())
        shown = lines
    }

    /// Leaves what is shown where it is; what comes next goes below.
    public func keep() { shown = [] }
}
