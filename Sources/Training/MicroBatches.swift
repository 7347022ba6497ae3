import Distillation
import Foundation
import Shards
import TeacherStore

/// Samples of one forward pass, with what the cache says of them.
typealias MicroBatch = (batch: AlignmentBatch, cached: [CachedSample]?)

/// Reader of the samples of each step, which decompresses and lays them out ahead of time, on a thread of its
/// own.
final class MicroBatches: @unchecked Sendable {
    /// Queue on which alone everything below is touched.
    private let queue = DispatchQueue(label: "align-ti.micro-batches")
    private let dataset: ShardDataset
    private let cached: CachedTeacher?
    private let rowLimit, workers: Int
    private var stream: SampleStream
    private var ahead: (step: Int, batches: Result<[MicroBatch], any Error>)?

    let steps: Int

    /// - Parameters:
    ///   - rowLimit: rows of a forward pass at most
    ///   - workers: replicas that share a step's micro-batches
    init(
        _ dataset: ShardDataset, cached: CachedTeacher?, stream: SampleStream, rowLimit: Int, workers: Int
    ) {
        (self.dataset, self.cached, self.stream, self.rowLimit, self.workers) = (
            dataset, cached, stream, rowLimit, workers
        )
        steps = stream.steps
    }

    /// The micro-batches of a step, worker i taking every i-th; those of the next step are begun.
    func ofStep(_ step: Int) throws -> [MicroBatch] {
        let batches = queue.sync { () -> Result<[MicroBatch], any Error> in
            if let ahead, ahead.step == step { return ahead.batches }
            return Result { try make(step) }
        }
        if step + 1 < steps {
            queue.async { self.ahead = (step + 1, Result { try self.make(step + 1) }) }
        }
        return try batches.get()
    }

    private func make(_ step: Int) throws -> [MicroBatch] {
        let numbers = stream.samples(ofStep: step)
        let lengths = try numbers.map { try dataset.sample($0).inputIDs.count }
        return try balancedParts(lengths, limit: rowLimit, multipleOf: workers).map { part in
            let batch = try AlignmentBatch(dataset, numbers: part.map { numbers[$0] })
            return (batch, try cached.map { cached in try part.map { try cached.sample(numbers[$0]) } })
        }
    }
}
