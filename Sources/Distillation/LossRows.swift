/// The trunk rows of a batch that any term looks at, ascending, with their shares.
struct LossRows {
    private(set) var rows: [LossRow] = []
    /// Cached targets, as the rows' `cached` counts them.
    private(set) var targets: [CachedTarget] = []

    init(
        _ batch: AlignmentBatch, weights: LossTerms, totals: StepTotals, saliency: [[Float]],
        cached: [CachedSample]?,
        teacherInLoop: Bool
    ) {
        let sources = TeacherSources(weights: weights, hasCache: cached != nil)
        let perToken = totals.supervisedTokens > 0 ? 1 / Double(totals.supervisedTokens) : 0
        let perSample = totals.samples > 0 ? 1 / Double(totals.samples) : 0
        for (index, sample) in batch.samples.enumerated() {
            var byPosition = [LossRow?](repeating: nil, count: sample.inputIDs.count)
            let start = batch.starts[index]
            func update(_ position: Int, _ change: (inout LossRow) -> Void) {
                var row = byPosition[position] ?? LossRow(row: Int32(start + position))
                change(&row)
                byPosition[position] = row
            }
            // Eq. 3: the distribution called P(v_k | v_<k) is the head's output at visual position k itself.
            if weights.iva != 0, let visual = sample.visual {
                for (offset, position) in visual.enumerated() where saliency[index][offset] > 0 {
                    update(position) { row in
                        row.share.iva = Double(saliency[index][offset]) * perSample
                        if sources.iva == .cache, let cached {
                            row.cached = append(cached[index].visual[offset])
                        }
                    }
                }
            }
            for (ordinal, t) in sample.responsePositions.enumerated() {
                update(t - 1) { row in  // y_t is predicted by the row before it
                    row.label = sample.labels[t]
                    if weights.sft != 0 { row.share.sft = perToken }
                    if weights.kd != 0 {
                        row.share.kd = perToken
                        if sources.kd == .cache, let cached, row.cached < 0 {
                            row.cached = append(cached[index].response[ordinal])
                        }
                    }
                }
                // The row of y_t itself, for candidates that equal y_t.
                if weights.tpa != 0 { update(t) { $0.followsCandidates = true } }
            }
            rows += byPosition.compactMap { $0 }
        }
        guard teacherInLoop else { return }
        for index in rows.indices {
            let (row, share) = (rows[index], rows[index].share)
            if row.followsCandidates || row.cached < 0 && (share.kd != 0 || share.iva != 0) {
                rows[index].teacherRow = row.row
            }
        }
    }

    private mutating func append(_ target: CachedTarget) -> Int32 {
        targets.append(target)
        return Int32(targets.count - 1)
    }
}
