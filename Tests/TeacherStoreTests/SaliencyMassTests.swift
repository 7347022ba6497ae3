import AlignmentSupport
import Distillation
import Foundation
import TeacherStore
import TestSupport
import Testing

@Suite struct SaliencyMassTests {
    @Test func theFewestTokensThatReachTheShareAreKept() {
        let alpha: [Float] = [0.05, 0.4, 0, 0.25, 0.3]  // sum 1
        #expect(leadingPositions(alpha, mass: 0.35) == [1])
        #expect(leadingPositions(alpha, mass: 0.5) == [1, 4])
        #expect(leadingPositions(alpha, mass: 0.9) == [1, 3, 4])
        #expect(leadingPositions(alpha, mass: 1) == [0, 1, 3, 4])  // what carries nothing is not needed
        #expect(leadingPositions([0, 0], mass: 0.5) == [])
        #expect(leadingPositions([0.25, 0.25, 0.25, 0.25], mass: 0.5) == [0, 1])
    }

    /// Each sample has the alphas and targets of the uncut outputs at its own leading tokens, and nothing
    /// elsewhere.
    @Test func samplesOfOneImageKeepTheirOwnTokensAndTheGroupTheUnion() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder, samples: 24, samplesPerShard: 24)
            let outputs = TeacherOutputs(try ModelFixture(tinyModel).teacher())
            var settings = TeacherOutputSettings(topK: 4, commonVocabulary: 272, saliencyLayer: 1)
            let whole = try outputs.shard(0, of: dataset, settings: settings)
            settings.saliencyMass = 0.3
            let cut = try outputs.shard(0, of: dataset, settings: settings)
            #expect(cut.positions < whole.positions && cut.stateBytes < whole.stateBytes)
            var cuts = 0
            for index in 0..<dataset.count {
                let (all, some) = (whole.sample(index), cut.sample(index))
                let kept = leadingPositions(all.saliency, mass: 0.3)
                #expect(
                    some.saliency.count == all.saliency.count && some.visual.count == all.visual.count
                        && some.response == all.response)
                for position in all.saliency.indices {
                    #expect(some.saliency[position] == (kept.contains(position) ? all.saliency[position] : 0))
                    if kept.contains(position) {
                        #expect(some.visual[position] == all.visual[position])
                    } else {
                        cuts += 1
                    }
                }
                let (carried, sum) = (some.saliency.reduce(0, +), all.saliency.reduce(0, +))
                #expect(carried >= 0.3 * sum - 1e-6)
            }
            #expect(cuts > 0)
        }
    }
}

/// Small outputs without any model.
func smallShard(_ seed: Int = 0) -> CachedShard {
    var shard = CachedShard(TeacherOutputSettings(topK: 2, commonVocabulary: 512, saliencyLayer: 0))
    shard.addSample(
        visualGroup: -1, saliency: [],
        response: [
            CachedTarget(
                ids: [Int32(seed % 512), 511 - Int32(seed % 500)], logProbabilities: [-0.25, -2], logTail: -3)
        ])
    return shard
}
