import Shards

/// The samples of each epoch of a mixture, in order: a pure function of seed, epoch and shares.
///
/// A sample that is seen k times an epoch stands in k copies of its shard, which are shuffled like different
/// shards.
struct EpochOrder {
    /// Samples of an epoch.
    let count: Int
    private let together: Int
    private let seed: UInt64
    private let sources: [Source]

    private struct Source {
        let first: Int
        /// Samples of its shards.
        let shards: [Int]
        /// Whether a sample of the source is used.
        let used: [Bool]
        /// Times that all of them are seen, and how many of them once more.
        let copies, rest: Int
        let key: UInt64

        /// Samples of the source that the epoch sees once more.
        func drawn(seed: UInt64, epoch: Int) -> [Bool] {
            var drawn = Array(repeating: false, count: used.count)
            let order = SampleOrder(count: used.count, seed: seed ^ key, epoch: epoch)
            var left = rest
            for position in 0..<order.count where left > 0 && used[order[position]] {
                drawn[order[position]] = true
                left -= 1
            }
            return drawn
        }
    }

    /// - Parameter shares: by source
    init(_ dataset: ShardDataset, shares: [SourceShare], seed: UInt64) {
        (together, self.seed) = (dataset.shardsHeld, seed)
        sources = zip(dataset.sources, shares).enumerated().map { number, source in
            let (source, share) = source
            let used = SampleStream.subset(of: source.samples.count, fraction: share.dataFraction ?? 1)
            let count = used.count { $0 }
            let (copies, rest) =
                count == 0 ? (0, 0) : share.count(of: count).quotientAndRemainder(dividingBy: count)
            return Source(
                first: source.samples.lowerBound, shards: dataset.index.shards[source.shards].map(\.samples),
                used: used, copies: copies, rest: rest, key: 0x6D69_7874 &+ UInt64(number))
        }
        count = sources.reduce(0) { sum, source in
            sum + source.copies * source.used.count { $0 } + source.rest
        }
    }

    /// Numbers of the epoch's samples in the data set.
    func samples(ofEpoch epoch: Int) -> [Int] {
        // Copy by copy: the sizes of the shards, and which sample each place stands for; -1 for none.
        var (sizes, places): ([Int], [Int]) = ([], [])
        for source in sources {
            func add(_ kept: [Bool]) {
                sizes += source.shards
                places += kept.indices.map { kept[$0] ? source.first + $0 : -1 }
            }
            for _ in 0..<source.copies { add(source.used) }
            if source.rest > 0 { add(source.drawn(seed: seed, epoch: epoch)) }
        }
        let order = SampleOrder(shardSizes: sizes, together: together, seed: seed, epoch: epoch)
        return (0..<order.count).map { places[order[$0]] }.filter { $0 >= 0 }
    }
}
