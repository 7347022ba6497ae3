import Shards

/// The samples of a run, step by step: epoch after epoch, each in its own order. A pure function of data set,
/// seed and step, so a resumed run or another number of workers reads the same samples in the same optimizer
/// step.
package struct SampleStream {
    private let dataset: ShardDataset
    private let epochs: EpochOrder
    private let batchSize: Int
    private let groupImages: Int
    /// Samples of the whole run.
    private let total: Int
    private var order: (epoch: Int, samples: [Int])

    /// Optimizer steps of the run; the last may hold fewer samples.
    package var steps: Int { (total + batchSize - 1) / batchSize }

    /// - Parameters:
    ///   - steps: nil: as many as `epochs` take
    ///   - fraction: share of every source that is used, rounded up
    ///   - mixture: shares of the sources by name
    ///   - groupImages: samples about one picture that follow each other
    /// - Throws: `SettingProblem` for a share of a source that is not there
    package init(
        _ dataset: ShardDataset, batchSize: Int, epochs: Double, steps: Int?, seed: UInt64,
        fraction: Double = 1, mixture: [String: SourceShare] = [:], groupImages: Int = 1
    ) throws {
        (self.dataset, self.batchSize, self.groupImages) = (dataset, batchSize, groupImages)
        self.epochs = EpochOrder(
            dataset, shares: try mixture.shares(of: dataset, fraction: fraction), seed: seed)
        total = steps.map { $0 * batchSize } ?? Int((epochs * Double(self.epochs.count)).rounded(.up))
        order = (-1, [])
    }

    /// The first ones in an order of their own: the same for all seeds, so that runs differ in nothing else,
    /// and a larger fraction contains a smaller one.
    package static func subset(of count: Int, fraction: Double) -> [Bool] {
        guard fraction < 1 else { return Array(repeating: true, count: count) }
        let order = SampleOrder(count: count, seed: 0x6461_7461, epoch: 0)
        var kept = Array(repeating: false, count: count)
        for position in 0..<used(of: count, fraction: fraction) { kept[order[position]] = true }
        return kept
    }

    /// How many of `count` samples a fraction is.
    static func used(of count: Int, fraction: Double) -> Int {
        min(count, max(1, Int((fraction * Double(count)).rounded(.up))))
    }

    /// Samples of the 0-based step, in order.
    ///
    /// - Throws: `ShardsError` where a shard that must say which picture a sample has is damaged
    package mutating func samples(ofStep step: Int) throws -> [Int] {
        try (step * batchSize..<min(total, (step + 1) * batchSize)).map { number in
            let epoch = number / epochs.count
            if order.epoch != epoch {
                let samples = epochs.samples(ofEpoch: epoch)
                order = (
                    epoch,
                    try ImageGroups.ordered(samples, most: groupImages) { try dataset.picture(ofSample: $0) }
                )
            }
            return order.samples[number % epochs.count]
        }
    }
}
