import Distillation
import Models
import Shards
import Tensors

/// A teacher that is run over data for what distillation needs of it.
public struct TeacherOutputs {
    /// The model that is run.
    public let teacher: LlavaModel
    /// Rows at a time, at most, of all processors together.
    public var rowLimit = 8192

    public init(_ teacher: LlavaModel) { self.teacher = teacher }

    /// The teacher's outputs for every sample of a shard.
    ///
    /// - Parameter progress: told the number of samples done
    public func shard(
        _ number: Int, of dataset: ShardDataset, settings: TeacherOutputSettings,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> CachedShard {
        try rows(
            Array(0..<dataset.index.shards[number].samples), ofShard: number, of: dataset, settings: settings,
            progress: progress)
    }

    /// The outputs for some samples of a shard, by their rows in it.
    package func rows(
        _ wanted: [Int], ofShard number: Int, of dataset: ShardDataset, settings: TeacherOutputSettings,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> CachedShard {
        try settings.validate()
        let shard = try dataset.shard(number)
        let first = dataset.index.shards[..<number].reduce(0) { $0 + $1.samples }
        var complete = settings
        complete.saliencyMass = 1
        var result = CachedShard(complete)
        var groups: [VisualGroup: Int32] = [:]
        let stream = UInt64(dataset.index.shards[number].rawSHA256.prefix(16), radix: 16) ?? 0
        let lengths = wanted.map { shard.sample($0).inputIDs.count }
        for range in rangesOfRows(lengths, limit: rowLimit) {
            var known = Set(groups.keys)
            let parts = try rangesOfRows(Array(lengths[range]), limit: Self.partRows).map { part in
                let samples = part.map { wanted[range.lowerBound + $0] }
                let batch = try AlignmentBatch(dataset, numbers: samples.map { first + $0 })
                try batch.validate(for: teacher)
                return PassPart(batch, shard: shard, samples: samples, known: &known)
            }
            for (part, outputs) in zip(parts, try compute(parts, settings, stream: stream)) {
                var next = 0
                for (index, sample) in part.plan.enumerated() {
                    let own = outputs.targets[next...].prefix(sample.visual.count + sample.predicting.count)
                    guard own.allSatisfy(\.isFinite), outputs.saliency[index].allSatisfy(\.isFinite) else {
                        throw StoreError.notFinite(
                            shard: dataset.shardNames[number], sample: shard.sample(sample.row).id)
                    }
                    if let group = sample.group, sample.isNew {
                        groups[group] = result.addVisualGroup(
                            Array(outputs.targets[next..<next + sample.visual.count]))
                        next += sample.visual.count
                    }
                    result.addSample(
                        visualGroup: sample.group.flatMap { groups[$0] } ?? -1,
                        saliency: outputs.saliency[index],
                        response: Array(outputs.targets[next..<next + sample.predicting.count]))
                    next += sample.predicting.count
                }
            }
            try progress(range.upperBound)
        }
        return settings.saliencyMass < 1 ? result.cut(settings) : result
    }

    /// Rows of what one processor computes at a time: enough for matrix products, and their results stay in
    /// its cache.
    static let partRows = 2048

    /// The outputs asked of each part, on as many processors as there are.
    private func compute(_ parts: [PassPart], _ settings: TeacherOutputSettings, stream: UInt64) throws
        -> [PartOutputs]
    {
        nonisolated(unsafe) let outputs = self
        return try parallelMap(parts.count) { try outputs.compute(parts[$0], settings, stream: stream) }
    }

    private func compute(_ part: PassPart, _ settings: TeacherOutputSettings, stream: UInt64) throws
        -> PartOutputs
    {
        let (hidden, saliency) = try pass(part.batch, settings)
        let targets = targets(
            hidden: hidden, rows: part.rows, settings, streams: part.streams(seed: settings.seed, stream))
        return PartOutputs(saliency: saliency, targets: targets)
    }

    /// The hidden states of a batch, `[rows, hidden]`, and each sample's alpha.
    package func pass(_ batch: AlignmentBatch, _ settings: TeacherOutputSettings) throws -> (
        hidden: Tensor, saliency: [[Float]]
    ) {
        let output = teacher.language.forward(
            try batch.embeddings(teacher), positions: batch.positions, layout: batch.layout,
            sharing: batch.sharing, observing: [settings.saliencyLayer])
        let saliency = visualSaliency(
            output, layer: settings.saliencyLayer, batch: batch, headSize: teacher.language.headSize)
        return (output.hidden.data, saliency)
    }

    /// The distributions of some rows as the cache keeps them.
    ///
    /// - Parameters:
    ///   - hidden: `[rows of the batch, hidden]`
    ///   - streams: random numbers of each row, for the encoding that draws
    package func targets(
        hidden: Tensor, rows: [Int32], _ settings: TeacherOutputSettings,
        streams: @autoclosure () -> [CounterRandom]
    ) -> [CachedTarget] {
        let (head, common) = (teacher.language.head, settings.commonVocabulary)
        return settings.encoding == .sampled
            ? sampledTargets(
                hidden: hidden, head: head, rows: rows, draws: settings.samples, common: common,
                streams: streams())
            : topTargets(hidden: hidden, head: head, rows: rows, topK: settings.topK, common: common)
    }
}
