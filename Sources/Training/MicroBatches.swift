import Distillation
import Foundation
import Ranks
import Shards
import TeacherStore

/// Samples of one forward pass, with what the cache says of them.
struct MicroBatch {
    var batch: AlignmentBatch
    let cached: [CachedSample]?
    /// Source of each sample, as the data set numbers them.
    let sources: [Int]
}

/// What a rank computes of an optimizer step.
struct StepWork {
    /// Lanes of the step, by rank.
    let lanes: [Range<Int>]
    /// The passes of this rank's lanes.
    var own: [(lane: Int, batches: [MicroBatch])]
}

/// Reader of the samples of each step, which decompresses and lays them out ahead of time, on a thread of its
/// own.
final class MicroBatches: @unchecked Sendable {
    /// Queue on which alone everything below is touched.
    private let queue = DispatchQueue(label: "align-ti.micro-batches")
    private let dataset: ShardDataset
    private let cached: CachedTeacher?
    private let rowLimit, lanes, groupImages: Int
    private let ranks: Ranks
    private var stream: SampleStream
    private var ahead: (step: Int, work: Result<StepWork, any Error>)?

    let steps: Int
    /// Names of the sources; one without a name where the data set is no mixture.
    var sources: [String] { dataset.sources.map(\.name) }

    /// - Parameters:
    ///   - rowLimit: rows of a forward pass at most
    ///   - lanes: of a step
    ///   - groupImages: samples about one picture that stay together
    init(
        _ dataset: ShardDataset, cached: CachedTeacher?, stream: SampleStream, rowLimit: Int, lanes: Int,
        groupImages: Int, ranks: Ranks
    ) {
        (self.dataset, self.cached, self.stream) = (dataset, cached, stream)
        (self.rowLimit, self.lanes, self.groupImages, self.ranks) = (rowLimit, lanes, groupImages, ranks)
        steps = stream.steps
    }

    /// This rank's work of a step; that of the next is begun.
    func ofStep(_ step: Int) throws -> StepWork {
        let work = queue.sync { () -> Result<StepWork, any Error> in
            if let ahead, ahead.step == step { return ahead.work }
            return Result { try make(step) }
        }
        if step + 1 < steps {
            queue.async { self.ahead = (step + 1, Result { try self.make(step + 1) }) }
        }
        return try work.get()
    }

    /// Samples and tokens of every step, from the index.
    func rows() throws -> [(samples: Int, tokens: Int)] {
        var stream = queue.sync { self.stream }
        return try (0..<steps).map { step in
            let numbers = try stream.samples(ofStep: step)
            return (numbers.count, try numbers.reduce(0) { $0 + (try dataset.rows(ofSample: $1)) })
        }
    }

    private func make(_ step: Int) throws -> StepWork {
        let numbers = try stream.samples(ofStep: step)
        let rows = try numbers.map { try dataset.rows(ofSample: $0) }
        let units =
            try groupImages > 1
            ? ImageGroups.runs(numbers.map { try dataset.picture(ofSample: $0) }, most: groupImages) : nil
        let lanes = StepLanes(rows: rows, units: units, lanes: lanes)
        let ofRanks = lanes.divided(over: ranks.count)
        let own = try ofRanks[ranks.rank].map { lane in
            let passes = lanes.passes(ofLane: lane, limit: rowLimit)
            return (lane, try passes.map { pass in try batch(pass.map { numbers[$0] }) })
        }
        return StepWork(lanes: ofRanks, own: own)
    }

    private func batch(_ numbers: [Int]) throws -> MicroBatch {
        MicroBatch(
            batch: try AlignmentBatch(dataset, numbers: numbers),
            cached: try cached.map { cached in try numbers.map { try cached.sample($0) } },
            sources: numbers.map { dataset.source(ofSample: $0) })
    }
}
