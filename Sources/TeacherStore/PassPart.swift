import Distillation
import Shards
import Tensors

/// Visual tokens that see the same: of one image, after the same ids.
struct VisualGroup: Hashable {
    let image: Int
    let before: [Int32]
}

/// Samples of a shard that go through the teacher together, and the rows whose distributions are wanted of
/// each.
struct PassPart: Sendable {
    struct Sample: Sendable {
        /// Row in the shard.
        let row: Int
        let group: VisualGroup?
        /// Whether the group's distributions are not there yet.
        let isNew: Bool
        /// Positions of the group's visual tokens where it is new, and those that predict the response.
        let visual: Range<Int>
        let predicting: [Int]
    }

    let batch: AlignmentBatch
    let plan: [Sample]

    /// - Parameters:
    ///   - samples: rows in the shard
    ///   - known: groups whose distributions are there or are computed in an earlier part; those of this part
    ///     are added
    init(_ batch: AlignmentBatch, shard: Shard, samples: [Int], known: inout Set<VisualGroup>) {
        self.batch = batch
        var plan: [Sample] = []
        for (sample, row) in zip(batch.samples, samples) {
            let group = sample.visual.map {
                VisualGroup(
                    image: shard.sample(row).imageIndex ?? -1,
                    before: Array(sample.inputIDs[..<$0.lowerBound]))
            }
            let isNew = group.map { known.insert($0).inserted } ?? false
            plan.append(
                Sample(
                    row: row, group: group, isNew: isNew, visual: isNew ? sample.visual ?? 0..<0 : 0..<0,
                    predicting: sample.responsePositions.map { $0 - 1 }))
        }
        self.plan = plan
    }

    private var positions: [(sample: Int, position: Int)] {
        plan.enumerated().flatMap { index, sample in
            (sample.visual.map { $0 } + sample.predicting).map { (index, $0) }
        }
    }

    /// Rows of the batch, sample by sample: the visual ones, then those that predict the response.
    var rows: [Int32] { positions.map { Int32(batch.starts[$0.sample] + $0.position) } }

    /// Random numbers of each of these rows, from the settings' seed and the shard's.
    func streams(seed: UInt64, _ shard: UInt64) -> [CounterRandom] {
        positions.map { CounterRandom(seed, shard, UInt64(plan[$0.sample].row), UInt64($0.position)) }
    }
}

/// Outputs of the teacher for a part.
struct PartOutputs {
    /// Alpha of each sample.
    let saliency: [[Float]]
    /// Distributions of the part's rows, in order.
    let targets: [CachedTarget]
}
