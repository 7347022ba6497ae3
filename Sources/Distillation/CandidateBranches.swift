import Autograd
import Models

/// The candidates of a batch that must be run: equal ones of a position once, those equal to the ground truth
/// not at all.
///
/// A candidate of position t stands in place of y_t: it has position id t and sees the trunk before t and
/// itself (docs/objective.md, One attention rule). Its rows are grouped by sample, so that each sample's
/// branches are one attention segment.
public struct CandidateBranches {
    /// One row to run.
    public struct Branch: Sendable, Equatable {
        /// Index of the sample in the batch.
        public let sample: Int
        /// Position t of the token that the candidate stands in for.
        public let position: Int
        /// The candidate.
        public let id: Int32
        /// Number of the d candidates that are this one.
        public let count: Int
    }

    /// The rows to run, sample by sample.
    public private(set) var branches: [Branch] = []
    /// Candidates that were drawn.
    public private(set) var drawn = 0
    /// Candidates that are equal to the ground truth.
    public private(set) var merged = 0
    private let batch: AlignmentBatch

    /// Groups what was drawn after the rows of a trunk.
    init(_ batch: AlignmentBatch, _ trunk: HeadLoss.Result) {
        self.batch = batch
        for (row, candidates) in zip(trunk.rows, trunk.candidates) where !candidates.isEmpty {
            let sample = batch.sample(ofRow: Int(row.row))
            let position = Int(row.row) - batch.starts[sample] + 1
            var distinct: [(id: Int32, count: Int)] = []
            for id in candidates where id != row.label {
                if let index = distinct.firstIndex(where: { $0.id == id }) {
                    distinct[index].count += 1
                } else {
                    distinct.append((id, 1))
                }
            }
            branches += distinct.map {
                Branch(sample: sample, position: position, id: $0.id, count: $0.count)
            }
            drawn += candidates.count
            merged += candidates.count { $0 == row.label }
        }
    }

    /// Whether no candidate must be run.
    public var isEmpty: Bool { branches.isEmpty }
    /// Samples that have a branch.
    var samples: Int { Set(branches.map(\.sample)).count }

    /// Hidden states after each candidate, `[branches, hidden]`.
    ///
    /// - Parameter trunk: keys and values of the batch's rows; gradients flow into them
    func run(_ model: LanguageModel, trunk: [LayerKeys], recompute: Bool) -> Value {
        var segments: [AttentionLayout.Segment] = []
        var start = 0
        while start < branches.count {
            let sample = branches[start].sample
            let end = branches[start...].firstIndex { $0.sample != sample } ?? branches.count
            segments.append(
                .init(
                    queries: start..<end, keys: batch.rows(of: sample),
                    visible: branches[start..<end].map { Int32($0.position) },
                    seesItself: true))
            start = end
        }
        return model.forward(
            model.embed(branches.map(\.id)), positions: branches.map { Int32($0.position) },
            layout: AttentionLayout(segments),
            trunk: trunk, recompute: recompute
        ).hidden
    }

    /// The candidates as sequences of their own: each after all that stands before it. What TPA would run
    /// without branches (the paper's Table 14).
    var sequences: AlignmentBatch {
        AlignmentBatch(
            samples: branches.map { branch in
                let sample = batch.samples[branch.sample]
                return AlignmentSample(
                    id: sample.id, inputIDs: sample.inputIDs.prefix(branch.position) + [branch.id],
                    labels: Array(repeating: -100, count: branch.position + 1), instruction: [],
                    visual: sample.visual, image: sample.image, key: sample.key)
            }, images: batch.images)
    }

    /// Hidden states after each candidate, `[branches, hidden]`, from whole passes over `sequences`.
    ///
    /// - Parameter features: of the model's tower for the batch's images, when they are at hand
    static func run(
        _ sequences: AlignmentBatch, _ model: LlavaModel, features: Value?, recompute: Bool
    ) throws -> Value {
        let output = model.language.forward(
            try sequences.embeddings(model, features: features), positions: sequences.positions,
            layout: sequences.layout, recompute: recompute)
        return gatherRows(
            output.hidden, sequences.samples.indices.map { Int32(sequences.rows(of: $0).upperBound - 1) })
    }

    /// Eq. 7: each candidate counts 1 / (d N_tok).
    ///
    /// - Parameter count: d
    func lossRows(candidates count: Int, totals: StepTotals) -> LossRows {
        LossRows(
            branches.enumerated().map { index, branch in
                var row = LossRow(row: Int32(index))
                row.teacherRow = Int32(index)
                row.share.tpa = Double(branch.count) / Double(count * totals.distilledTokens)
                return row
            })
    }
}
