import Shards

/// The samples of a run, step by step: epoch after epoch, each in its own order. A pure function of data set,
/// seed and step, so a resumed run or another number of workers reads the same samples in the same optimizer
/// step.
package struct SampleStream {
    private let dataset: ShardDataset
    private let seed: UInt64
    private let batchSize: Int
    private let groupImages: Int
    /// Samples of the whole run.
    private let total: Int
    /// Whether a sample of the data set is used.
    private let kept: [Bool]
    /// Samples of an epoch.
    private let epochSamples: Int
    private var order: (epoch: Int, samples: [Int])

    /// Optimizer steps of the run; the last may hold fewer samples.
    package var steps: Int { (total + batchSize - 1) / batchSize }

    /// - Parameters:
    ///   - steps: nil: as many as `epochs` take
    ///   - fraction: share of the data set that is used, rounded up
    ///   - groupImages: samples about one picture that follow each other
    package init(
        _ dataset: ShardDataset, batchSize: Int, epochs: Double, steps: Int?, seed: UInt64,
        fraction: Double = 1, groupImages: Int = 1
    ) {
        (self.dataset, self.seed, self.batchSize) = (dataset, seed, batchSize)
        self.groupImages = groupImages
        kept = Self.subset(of: dataset.count, fraction: fraction)
        epochSamples = kept.count { $0 }
        total = steps.map { $0 * batchSize } ?? Int((epochs * Double(epochSamples)).rounded(.up))
        order = (-1, [])
    }

    /// The first ones in an order of their own: the same for all seeds, so that runs differ in nothing else,
    /// and a larger fraction contains a smaller one.
    package static func subset(of count: Int, fraction: Double) -> [Bool] {
        guard fraction < 1 else { return Array(repeating: true, count: count) }
        let order = SampleOrder(count: count, seed: 0x6461_7461, epoch: 0)
        var kept = Array(repeating: false, count: count)
        for position in 0..<min(count, max(1, Int((fraction * Double(count)).rounded(.up)))) {
            kept[order[position]] = true
        }
        return kept
    }

    /// Samples of the 0-based step, in order.
    ///
    /// - Throws: `ShardsError` where a shard that must say which picture a sample has is damaged
    package mutating func samples(ofStep step: Int) throws -> [Int] {
        try (step * batchSize..<min(total, (step + 1) * batchSize)).map { number in
            let epoch = number / epochSamples
            if order.epoch != epoch {
                let whole = dataset.order(seed: seed, epoch: epoch)
                let samples = (0..<whole.count).map { whole[$0] }.filter { kept[$0] }
                order = (
                    epoch,
                    try ImageGroups.ordered(samples, most: groupImages) { try dataset.picture(ofSample: $0) }
                )
            }
            return order.samples[number % epochSamples]
        }
    }
}
