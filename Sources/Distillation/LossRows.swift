import Records

/// Rows that a loss looks at, ascending, with their shares, and the cached targets that they name.
public struct LossRows: Sendable {
    /// The rows, ascending.
    public private(set) var rows: [LossRow]
    /// Cached targets, as the rows' `cached` counts them.
    public private(set) var targets: [CachedTarget]
    /// Divisor of a candidate's share in TPA (Eq. 7): d N_tok.
    private let candidateDivisor: Int

    /// Rows after which no candidates are drawn.
    public init(_ rows: [LossRow], targets: [CachedTarget] = []) {
        (self.rows, self.targets, candidateDivisor) = (rows, targets, 1)
    }

    /// Number of rows.
    public var count: Int { rows.count }
    subscript(range: Range<Int>) -> ArraySlice<LossRow> { rows[range] }

    /// Merges the candidates drawn after a row that equal the ground truth y_t: the transition out of them is
    /// that of the next row. So that row takes their share of TPA, and they need not be run
    /// (docs/objective.md, Trunk once).
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
    ///   - saliency: per sample the weights of its visual tokens; empty without IVA
    ///   - cached: the teacher's outputs per sample, where the plan reads a cache
    init(
        _ batch: AlignmentBatch, plan: TeacherPlan, totals: StepTotals, saliency: [[Float]],
        cached: [CachedSample]?
    ) {
        (rows, targets) = ([], [])
        candidateDivisor = plan.objective.candidates.count * totals.distilledTokens
        for (index, sample) in batch.samples.enumerated() {
            var byPosition = [LossRow?](repeating: nil, count: sample.inputIDs.count)
            func update(_ position: Int, _ change: (inout LossRow) -> Void) {
                var row = byPosition[position] ?? LossRow(row: Int32(batch.starts[index] + position))
                change(&row)
                byPosition[position] = row
            }
            if plan.iva != nil, sample.terms.iva != 0 {
                let distributions = plan.iva == .cache ? cached?[index].visual : nil
                look(sample, saliency[index], distributions, reciprocal(totals.samples), update)
            }
            let distributions = plan.kd == .cache ? cached?[index].response : nil
            predict(sample, plan, distributions, totals, update)
            append(byPosition, hasTPA: plan.tpa != nil && sample.terms.tpa != 0, plan)
        }
    }

    private typealias Update = (_ position: Int, _ change: (inout LossRow) -> Void) -> Void

    /// Eq. 3: the distribution called P(v_k | v_<k) is the head's output at visual position k itself.
    private mutating func look(
        _ sample: AlignmentSample, _ saliency: [Float], _ distributions: [CachedTarget]?,
        _ perSample: Double, _ update: Update
    ) {
        for (offset, position) in (sample.visual ?? 0..<0).enumerated() where saliency[offset] > 0 {
            update(position) { row in
                row.share.iva = Double(saliency[offset]) * perSample
                if let distributions { row.cached = append(distributions[offset]) }
            }
        }
    }

    /// Eq. 1, 2 and 7: y_t is predicted by the row before it.
    private mutating func predict(
        _ sample: AlignmentSample, _ plan: TeacherPlan, _ distributions: [CachedTarget]?,
        _ totals: StepTotals, _ update: Update
    ) {
        let sft = plan.objective.weights.sft * sample.terms.sft != 0
        let (kd, tpa) = (plan.kd != nil && sample.terms.kd != 0, plan.tpa != nil && sample.terms.tpa != 0)
        for (ordinal, t) in sample.responsePositions.enumerated() where sft || kd || tpa {
            update(t - 1) { row in
                row.label = sample.labels[t]
                if sft { row.share.sft = reciprocal(totals.supervisedTokens) }
                if kd {
                    row.share.kd = reciprocal(totals.distilledTokens)
                    if let distributions, row.cached < 0 { row.cached = append(distributions[ordinal]) }
                }
            }
            // The row of y_t itself, for candidates that equal y_t.
            if tpa { update(t) { $0.teacherRow = $0.row } }
        }
    }

    private mutating func append(_ sample: [LossRow?], hasTPA: Bool, _ plan: TeacherPlan) {
        for var row in sample.compactMap({ $0 }) {
            let looks = row.share.kd != 0 || row.share.iva != 0
            if plan.needsTeacher, looks, row.cached < 0 { row.teacherRow = row.row }
            // With TPA the row of the label was made beside the row that predicts it.
            if hasTPA, row.label >= 0 { row.next = Int32(rows.count + 1) }
            rows.append(row)
        }
    }

    private mutating func append(_ target: CachedTarget) -> Int32 {
        targets.append(target)
        return Int32(targets.count - 1)
    }
}

/// A step without samples or tokens has no shares.
private func reciprocal(_ count: Int) -> Double { count > 0 ? 1 / Double(count) : 0 }
