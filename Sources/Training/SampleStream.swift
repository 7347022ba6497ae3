import Shards

/// The samples of a run, step by step: epoch after epoch, each in its own order. A pure function of data set, seed and step, so a
/// resumed run or another number of workers reads the same samples in the same optimizer step.
struct SampleStream {
    private let dataset: ShardDataset
    private let seed: UInt64
    private let batchSize: Int
    /// Samples of the whole run.
    private let total: Int
    private var order: (epoch: Int, samples: SampleOrder)

    /// Optimizer steps of the run; the last may hold fewer samples.
    var steps: Int { (total + batchSize - 1) / batchSize }

    /// - Parameter steps: nil: as many as `epochs` take
    init(_ dataset: ShardDataset, batchSize: Int, epochs: Double, steps: Int?, seed: UInt64) {
        (self.dataset, self.seed, self.batchSize) = (dataset, seed, batchSize)
        total = steps.map { $0 * batchSize } ?? Int((epochs * Double(dataset.count)).rounded(.up))
        order = (0, dataset.order(seed: seed, epoch: 0))
    }

    /// Samples of the 0-based step, in order.
    mutating func samples(ofStep step: Int) -> [Int] {
        (step * batchSize..<min(total, (step + 1) * batchSize)).map { number in
            let epoch = number / dataset.count
            if order.epoch != epoch { order = (epoch, dataset.order(seed: seed, epoch: epoch)) }
            return order.samples[number % dataset.count]
        }
    }
}
