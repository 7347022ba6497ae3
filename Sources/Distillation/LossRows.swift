import Records

/// Rows that a loss looks at, ascending, with their shares, and the cached targets that they name.
public struct LossRows: Sendable {
    public private(set) var rows: [LossRow]
    /// Cached targets, as the rows' `cached` counts them.
    public private(set) var targets: [CachedTarget]
    /// Divisor of a candidate's share in TPA (Eq. 7): d N_tok.
    private let candidateDivisor: Int

    /// Rows without candidates, or with their shares of them.
    public init(_ rows: [LossRow], targets: [CachedTarget] = []) {
        (self.rows, self.targets, candidateDivisor) = (rows, targets, 1)
    }

    public var count: Int { rows.count }
    subscript(range: Range<Int>) -> ArraySlice<LossRow> { rows[range] }

    /// Merges the candidates drawn after a row that equal the ground truth y_t: the transition out of them is that
    /// of the next row, so that row takes their share of TPA, and they need not be run (docs/objective.md, "TPA").
    ///
    /// - Precondition: the row's `next` is the row of y_t, whose losses have not been taken yet
    mutating func merge(_ candidates: [Int32], drawnAfter index: Int) {
        let count = candidates.count { $0 == rows[index].label }
        guard count > 0 else { return }
        let next = Int(rows[index].next)
        precondition(
            next > index && rows[next].row == rows[index].row + 1,
            "LossRows: row \(rows[index].row) is not followed by that of its label")
        rows[next].share.tpa += Double(count) / Double(candidateDivisor)
    }
}

extension LossRows {
    /// The trunk rows of a batch that any term looks at.
    ///
    /// - Parameters:
    ///   - plan: who supplies the distributions of KD and IVA
    ///   - candidates: d, drawn in place of each response token where TPA has a weight
    ///   - saliency: per sample the weights of its visual tokens; empty without IVA
    ///   - cached: the teacher's outputs per sample, where the plan reads a cache
    init(
        _ batch: AlignmentBatch, plan: TeacherPlan, totals: StepTotals, saliency: [[Float]],
        cached: [CachedSample]?
    ) {
        (rows, targets) = ([], [])
        candidateDivisor = plan.objective.candidates.count * totals.distilledTokens
        for (index, sample) in batch.samples.enumerated() {
            var places = SampleRows(start: batch.starts[index], count: sample.inputIDs.count)
            if plan.iva != nil, sample.terms.iva != 0 {
                let targets = plan.iva == .cache ? cached?[index].visual : nil
                addVisual(sample, saliency[index], targets, perSample: reciprocal(totals.samples), to: &places)
            }
            let targets = plan.kd == .cache ? cached?[index].response : nil
            addResponse(sample, plan, targets, totals, to: &places)
            append(places, plan)
        }
    }
}
