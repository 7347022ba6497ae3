import Distillation
import Foundation
import Shards
import TeacherStore

/// Samples of one forward pass, with what the cache says of them.
typealias MicroBatch = (batch: AlignmentBatch, cached: [CachedSample]?)

/// Reads, decompresses and lays out the samples of a step ahead of time, on a thread of its own.
final class MicroBatches: @unchecked Sendable {
    /// Everything below is touched on this queue alone.
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

/// Parts of nearly equal length: as few as `limit` allows, a multiple of `count` where there are enough
/// items.
///
/// Longest first, each to the part that is shortest so far (Graham 1969); within a part items keep their
/// order. A part holds more than `limit` only where one item does.
package func balancedParts(_ lengths: [Int], limit: Int, multipleOf count: Int) -> [[Int]] {
    let total = lengths.reduce(0, +)
    var parts = min(lengths.count, max(count, (total + limit - 1) / max(1, limit)))
    let order = lengths.indices.sorted { lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1 }
    while true {
        if parts < lengths.count { parts = min(lengths.count, (parts + count - 1) / count * count) }
        var (found, sums) = ([[Int]](repeating: [], count: parts), [Int](repeating: 0, count: parts))
        for item in order {
            let shortest = sums.indices.min { sums[$0] < sums[$1] } ?? 0
            found[shortest].append(item)
            sums[shortest] += lengths[item]
        }
        if parts >= lengths.count || zip(found, sums).allSatisfy({ $1 <= limit || $0.count == 1 }) {
            return found.map { $0.sorted() }
        }
        parts += 1
    }
}
