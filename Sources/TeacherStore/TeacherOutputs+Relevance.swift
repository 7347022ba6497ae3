import Distillation
import Models
import Shards
import Tensors

extension TeacherOutputs {
    /// Shards that the pairs of `relevance` come from: pairs from all over the data would have every shard
    /// read again and again.
    public static let relevanceShards = 16
    /// Pairs between two looks at the standard errors.
    private static let pairsTogether = 16

    /// Instruction-Relevance Score of all layers over random pairs of samples with an image and an
    /// instruction, from `relevanceShards` shards drawn at random; a data set that holds so many in memory
    /// reads each once. Of a mixture it is the first source's: another one that is added later then changes
    /// no layer, and so no stored output. No pair is looked at twice; where there are fewer than are asked
    /// for, all are.
    ///
    /// - Parameters:
    ///   - pairs: most pairs to look at; the paper takes 1,000
    ///   - standardError: enough is known when that of every layer is below it
    ///   - progress: told the pairs done, at least once a pass of `rowLimit` rows
    /// - Throws: `StoreError.noRelevance` when the data set has no two samples to compare
    public func relevance(
        over dataset: ShardDataset, pairs: Int, seed: UInt64, standardError: Double,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> InstructionRelevance {
        var sums = RelevanceSums(layers: teacher.language.configuration.layers)
        var random = CounterRandom(seed, 0x1125)
        let numbers = try samples(ofShards: Self.relevanceShards, of: dataset, &random) { try progress(0) }
        var draw = PairDraw(of: numbers.count, random)
        while sums.pairs < pairs,
            sums.pairs < 64 || (sums.relevance.standardErrors.max() ?? 0) > standardError
        {
            var drawn: [(Int, Int)] = []
            while drawn.count < min(Self.pairsTogether, pairs - sums.pairs), let pair = draw.next() {
                drawn.append((numbers[pair.0], numbers[pair.1]))
            }
            guard !drawn.isEmpty else { break }
            let wanted = Set(drawn.flatMap { [$0.0, $0.1] }).sorted()
            let alphas = try alphasOfEveryLayer(wanted, of: dataset) { try progress(sums.pairs) }
            for (one, other) in drawn {
                if let first = alphas[one], let second = alphas[other] {
                    sums.add((one, other), first, second)
                }
            }
            try progress(sums.pairs)
        }
        guard sums.pairs > 0 else { throw StoreError.noRelevance(path: dataset.path) }
        return sums.relevance
    }

    /// Alpha of every layer of samples with an image and an instruction, by number,
    /// `[layers][visual tokens]`; as many rows at a time as `rowLimit` says, and of each layer nothing more
    /// is kept.
    private func alphasOfEveryLayer(
        _ numbers: [Int], of dataset: ShardDataset, progress: () throws -> Void
    ) throws -> [Int: [[Float]]] {
        let whole = try AlignmentBatch(dataset, numbers: numbers)
        let lengths = whole.samples.map(\.inputIDs.count)
        var alphas: [Int: [[Float]]] = [:]
        for range in rangesOfRows(lengths, limit: rowLimit) {
            let parts = try rangesOfRows(Array(lengths[range]), limit: Self.partRows).map { part in
                let part = part.map { numbers[range.lowerBound + $0] }
                return (numbers: part, batch: try AlignmentBatch(dataset, numbers: part))
            }
            nonisolated(unsafe) let teacher = teacher
            let found = try parallelMap(parts.count) { try saliencyOfEveryLayer(teacher, parts[$0].batch) }
            for (part, found) in zip(parts, found) {
                for (number, alpha) in zip(part.numbers, found) {
                    guard alpha.joined().allSatisfy(\.isFinite) else {
                        throw StoreError.notFinite(
                            shard: dataset.name(ofShard: dataset.location(of: number).shard),
                            sample: try dataset.sample(number).id)
                    }
                    alphas[number] = alpha
                }
            }
            try progress()
        }
        return alphas
    }

    /// The samples with an image and an instruction of some of the first source's shards, drawn at random; of
    /// all of them where there are no more.
    ///
    /// - Parameter beforeShard: called before each is read; it may throw to stop
    private func samples(
        ofShards count: Int, of dataset: ShardDataset, _ random: inout CounterRandom,
        beforeShard: () throws -> Void
    ) throws -> [Int] {
        let sizes = dataset.index.shards[dataset.sources[0].shards].map(\.samples)
        let starts = sizes.indices.map { sizes[..<$0].reduce(0, +) }
        var shards = Array(sizes.indices)
        for place in shards.indices.dropLast() {
            shards.swapAt(place, place + Int(random.next() % UInt64(shards.count - place)))
        }
        return try shards.prefix(count).flatMap { number in
            try beforeShard()
            let shard = try dataset.shard(dataset.sources[0].shards.lowerBound + number)
            return (0..<sizes[number]).filter { row in
                let sample = shard.sample(row)
                return sample.visualRange != nil && sample.instructionMask.contains { $0 != 0 }
            }.map { starts[number] + $0 }
        }
    }
}
