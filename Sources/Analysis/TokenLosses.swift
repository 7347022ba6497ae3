import Distillation

/// The terms of every token of a batch, in nats, before any weight or mean: what a step's sums are made of.
public struct TokenLosses {
    /// Per sample and position: -log P_S(y_t), 0 elsewhere.
    public private(set) var sft: [[Double]]
    /// Per sample and position: KL of the distributions that predict y_t.
    public private(set) var kd: [[Double]]
    /// Per sample and position: alpha times the KL at a visual token.
    public private(set) var iva: [[Double]]
    /// Per sample and position: the KL after each candidate, in the order of the candidates.
    public private(set) var tpa: [[[Double]]]

    /// - Parameter candidates: per sample and position, as given to the step or taken from
    ///   `result.trunk.candidates`
    public init(_ result: AlignmentResult, batch: AlignmentBatch, totals: StepTotals, candidates: [[[Int32]]])
    {
        let zeros = batch.samples.map { [Double](repeating: 0, count: $0.inputIDs.count) }
        (sft, kd, iva) = (zeros, zeros, zeros)
        tpa = zeros.map { $0.map { _ in [] } }
        var afterTruth: [Int32: Double] = [:]
        for (row, value) in zip(result.trunk.rows, result.trunk.values) {
            let sample = batch.sample(ofRow: Int(row.row))
            let position = Int(row.row) - batch.starts[sample]
            if row.share.sft != 0 { sft[sample][position + 1] = value.crossEntropy }
            if row.share.kd != 0 { kd[sample][position + 1] = value.kd }
            if row.share.iva != 0 {
                iva[sample][position] = value.iva * row.share.iva * Double(totals.samples)
            }
            afterTruth[row.row] = value.tpa
        }
        var afterCandidate: [Branch: Double] = [:]
        for (branch, value) in zip(result.branches.branches, result.branchValues) {
            afterCandidate[Branch(sample: branch.sample, position: branch.position, id: branch.id)] =
                value.tpa
        }
        for (sample, positions) in candidates.enumerated() {
            for (position, ids) in positions.enumerated() {
                tpa[sample][position] = ids.map { id in
                    id == batch.samples[sample].inputIDs[position]
                        ? afterTruth[Int32(batch.starts[sample] + position)] ?? 0
                        : afterCandidate[Branch(sample: sample, position: position, id: id)] ?? 0
                }
            }
        }
    }

    private struct Branch: Hashable {
        let sample, position: Int
        let id: Int32
    }
}
