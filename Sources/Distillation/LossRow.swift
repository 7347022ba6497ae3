import Records

/// One row of hidden states whose next-token distribution a loss looks at, and its share in each term.
public struct LossRow: Sendable {
    /// Row of the student's hidden states.
    public let row: Int32
    /// The token that follows, or -1: no cross-entropy here.
    public var label: Int32 = -1
    /// Index, in the list that this row is in, of the row of the token that follows; -1 where no candidate is
    /// drawn in that token's place.
    public var next: Int32 = -1
    /// Row of the teacher's hidden states with the same prefix, or -1.
    public var teacherRow: Int32 = -1
    /// Index of a cached target for KD and IVA, or -1: they use the teacher's row.
    public var cached: Int32 = -1
    /// Factor of this row's cross-entropy or divergence in each term: 1 / N_tok, alpha / B, 1 / N_tok, and
    /// count / (d N_tok).
    public var share = LossTerms()

    public init(row: Int32) { self.row = row }
}

/// Losses of a row, in nats, before its share; divergences with the factor of their temperature.
public struct LossRowValue: Sendable {
    /// -log P of the label.
    public var crossEntropy = 0.0
    /// Divergence from the teacher's distribution, from its row or over k + 1 outcomes of a cached target.
    public var kd = 0.0
    /// The same with the divergence of IVA.
    public var iva = 0.0
    /// Divergence from the teacher's row.
    public var tpa = 0.0
    /// Of a row with a label, where somebody looks on.
    public var observation: RowObservation?
}
