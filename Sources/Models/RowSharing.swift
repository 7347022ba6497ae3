import Autograd

/// Rows that several sequences of a pass have in common, and that are computed once: by causality nothing
/// about an image's visual tokens, nor about the text before them, depends on what is asked afterwards.
///
/// The rows of all sequences, one sequence after the other, are "all rows". Those that run through the layers
/// are the "computed rows": of each shared beginning only the first sequence's. Queries are computed rows;
/// keys are all rows, gathered from those that were computed, now or in an earlier pass (the "kept" rows).
public struct RowSharing: Sendable {
    /// The beginning of a sequence that others may have too.
    public struct Prefix: Hashable, Sendable {
        /// Names what the rows are made of; equal keys stand for equal rows.
        public let key: Int
        public let rows: Int

        public init(key: Int, rows: Int) { (self.key, self.rows) = (key, rows) }
    }

    /// Of each computed row, its number among all rows.
    public let computed: [Int32]
    /// Of each of all rows, the row that its key is found in: kept rows come first, computed rows after them.
    let keyRows: [Int32]
    /// Kept rows that are read.
    let kept: Int
    /// What each computed row sees.
    public let layout: AttentionLayout
    /// Of each sequence, the computed row that is its last.
    let lastRows: [Int32]

    /// - Parameters:
    ///   - lengths: of the sequences
    ///   - prefixes: of each sequence, the beginning that may be shared; shorter than the sequence
    ///   - kept: rows of beginnings that an earlier pass computed, one after the other, by prefix
    /// - Returns: nil where every row has to be computed
    public init?(lengths: [Int], prefixes: [Prefix?], kept: [(prefix: Prefix, start: Int)] = []) {
        precondition(
            zip(lengths, prefixes).allSatisfy { $1.map { 0 <= $0.rows } ?? true && $0 > $1?.rows ?? 0 },
            "RowSharing: sequences of \(lengths) with beginnings of \(prefixes.map { $0?.rows ?? 0 })")
        let keptRows = kept.reduce(0) { max($0, $1.start + $1.prefix.rows) }
        var known = Dictionary(kept.map { ($0.prefix, $0.start) }, uniquingKeysWith: { first, _ in first })
        var (computed, keyRows, last): ([Int32], [Int32], [Int32]) = ([], [], [])
        var segments: [AttentionLayout.Segment] = []
        var start = 0
        for (length, prefix) in zip(lengths, prefixes) {
            let shared = prefix.flatMap { known[$0] }
            let begin = shared == nil ? 0 : prefix?.rows ?? 0
            if let shared { keyRows += (shared..<shared + begin).map { Int32($0) } }
            let queries = computed.count..<computed.count + length - begin
            keyRows += queries.map { Int32(keptRows + $0) }
            if let prefix, shared == nil { known[prefix] = keptRows + computed.count }
            computed += (start + begin..<start + length).map { Int32($0) }
            last.append(Int32(computed.count - 1))
            segments.append(
                .init(
                    queries: queries, keys: start..<start + length,
                    visible: (begin..<length).map { Int32($0 + 1) }, seesItself: false))
            start += length
        }
        guard computed.count < start else { return nil }
        (self.computed, self.keyRows, self.kept, lastRows) = (computed, keyRows, keptRows, last)
        layout = AttentionLayout(segments)
    }

    /// The keys and values of all rows.
    ///
    /// - Parameters:
    ///   - own: of the computed rows
    ///   - kept: of the rows of earlier passes, where there are any
    func all(_ own: LayerKeys, kept: LayerKeys?) -> LayerKeys {
        func all(_ own: Value, _ kept: Value?) -> Value {
            gatherRows(kept.map { concatenateRows([$0, own]) } ?? own, keyRows)
        }
        return LayerKeys(keys: all(own.keys, kept?.keys), values: all(own.values, kept?.values))
    }
}

extension LanguageOutput {
    /// The same for all rows, of a pass that computed some of them; without kept rows.
    func expanded(_ sharing: RowSharing) -> LanguageOutput {
        LanguageOutput(
            hidden: gatherRows(hidden, sharing.keyRows), layers: layers,
            observed: observed.mapValues { ($0.q.gatheringRows(sharing.keyRows), $0.k) })
    }
}
