import Records

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
        let perDistilled = totals.distilledTokens > 0 ? 1 / Double(totals.distilledTokens) : 0
        let perSample = totals.samples > 0 ? 1 / Double(totals.samples) : 0
        for (index, sample) in batch.samples.enumerated() {
            var byPosition = [LossRow?](repeating: nil, count: sample.inputIDs.count)
            let start = batch.starts[index]
            let (sft, kd) = (weights.sft * sample.terms.sft != 0, weights.kd * sample.terms.kd != 0)
            let tpa = weights.tpa * sample.terms.tpa != 0
            func update(_ position: Int, _ change: (inout LossRow) -> Void) {
                var row = byPosition[position] ?? LossRow(row: Int32(start + position))
                change(&row)
                byPosition[position] = row
            }
            // Eq. 3: the distribution called P(v_k | v_<k) is the head's output at visual position k itself.
            if weights.iva * sample.terms.iva != 0, let visual = sample.visual {
                for (offset, position) in visual.enumerated() where saliency[index][offset] > 0 {
                    update(position) { row in
                        row.share.iva = Double(saliency[index][offset]) * perSample
                        if sources.iva == .cache, let cached {
                            row.cached = append(cached[index].visual[offset])
                        }
                    }
                }
            }
            for (ordinal, t) in sample.responsePositions.enumerated() where sft || kd || tpa {
                update(t - 1) { row in  // y_t is predicted by the row before it
                    row.label = sample.labels[t]
                    if sft { row.share.sft = perToken }
                    if kd {
                        row.share.kd = perDistilled
                        if sources.kd == .cache, let cached, row.cached < 0 {
                            row.cached = append(cached[index].response[ordinal])
                        }
                    }
                }
                // The row of y_t itself, for candidates that equal y_t.
                if tpa { update(t) { if teacherInLoop { $0.teacherRow = $0.row } } }
            }
            for var row in byPosition.compactMap({ $0 }) {
                let looks = row.share.kd != 0 || row.share.iva != 0
                if teacherInLoop, looks, row.cached < 0 { row.teacherRow = row.row }
                rows.append(row)
            }
        }
    }

    private mutating func append(_ target: CachedTarget) -> Int32 {
        targets.append(target)
        return Int32(targets.count - 1)
    }
}
