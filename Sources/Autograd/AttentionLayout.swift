/// Keys that the rows of a batch see: one integer a row, no mask.
///
/// Every query row sees the first `visible` trunk keys of its own sequence and, where it has a key of its own
/// outside the trunk, itself. Training, prefill, decoding and the ribbon of TPA candidates differ in these
/// integers alone (docs/objective.md, One attention rule).
public struct AttentionLayout: Sendable {
    /// Some query rows of one sequence.
    public struct Segment: Sendable {
        /// Rows of the queries (and of the outputs, and of the own keys).
        public let queries: Range<Int>
        /// Rows of the trunk keys that are this sequence's.
        public let keys: Range<Int>
        /// Per query, how many of `keys`, from the first, it sees.
        public let visible: [Int32]
        /// Whether a query also sees a key of its own: a candidate, or the new token of a decoding step.
        public let seesItself: Bool

        public init(queries: Range<Int>, keys: Range<Int>, visible: [Int32], seesItself: Bool) {
            precondition(
                visible.count == queries.count, "Segment: \(visible.count) prefixes for \(queries.count) rows"
            )
            precondition(
                visible.allSatisfy { $0 >= 0 && Int($0) <= keys.count },
                "Segment: a prefix leaves the \(keys.count) keys")
            precondition(seesItself || visible.allSatisfy { $0 > 0 }, "Segment: a row sees nothing")
            (self.queries, self.keys, self.visible, self.seesItself) = (queries, keys, visible, seesItself)
        }
    }

    /// Sequences of rows that see the same keys.
    public let segments: [Segment]
    /// Neighbouring segments that read the same keys: their gradients to these keys are added one after the
    /// other.
    let groups: [Range<Int>]

    public init(_ segments: [Segment]) {
        self.segments = segments
        var groups: [Range<Int>] = []
        for (index, segment) in segments.enumerated() {
            if let last = groups.last, segments[last.lowerBound].keys.overlaps(segment.keys) {
                groups[groups.count - 1] = last.lowerBound..<index + 1
            } else {
                groups.append(index..<index + 1)
            }
        }
        self.groups = groups
    }

    /// Sequences one after the other, each row seeing itself and what came before it.
    public static func causal(lengths: [Int]) -> AttentionLayout {
        sequences(lengths) { length in (1...max(1, Int32(length))).prefix(length).map { $0 } }
    }

    /// Sequences one after the other, each row seeing its whole sequence: a vision tower.
    public static func full(lengths: [Int]) -> AttentionLayout {
        sequences(lengths) { length in Array(repeating: Int32(length), count: length) }
    }

    private static func sequences(_ lengths: [Int], visible: (Int) -> [Int32]) -> AttentionLayout {
        var start = 0
        return AttentionLayout(
            lengths.map { length in
                defer { start += length }
                let rows = start..<start + length
                return Segment(queries: rows, keys: rows, visible: visible(length), seesItself: false)
            })
    }
}
