import AlignmentSupport
import Distillation
import Foundation
import Shards
import TeacherStore
import Tensors
import TestSupport
import Testing

@Suite struct RelevanceTests {
    @Test(arguments: [0, 1, 2, 5, 40]) func everyPairIsDrawnOnceAndNoOther(items: Int) {
        var draw = PairDraw(of: items, CounterRandom(3, 4))
        var pairs: [[Int]] = []
        while let pair = draw.next() { pairs.append([pair.0, pair.1]) }
        let all = (0..<items).flatMap { larger in (0..<larger).map { [$0, larger] } }
        #expect(pairs.count == all.count && Set(pairs) == Set(all))
        #expect(items < 5 || pairs != all)
        #expect(draw.next() == nil)
    }

    @Test func aDrawIsTheSameEveryTimeAndAnotherForAnotherSeed() {
        func first(_ seed: UInt64) -> [[Int]] {
            var draw = PairDraw(of: 1_000_000, CounterRandom(seed, 4))
            return (0..<50).compactMap { _ in draw.next().map { [$0.0, $0.1] } }
        }
        #expect(first(1) == first(1) && first(1) != first(2))
        #expect(first(1).allSatisfy { 0 <= $0[0] && $0[0] < $0[1] && $0[1] < 1_000_000 })
    }

    @Test func fewSamplesAreComparedOnceEachWhateverFitsOnePass() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let fixture = try ModelFixture(
                Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip"))
            var outputs = TeacherOutputs(try fixture.teacher())
            var told: [Int] = []
            let whole = try outputs.relevance(
                over: dataset, pairs: 100_000, seed: 1, standardError: 0, progress: { told.append($0) })
            // All pairs of the samples with an image and an instruction.
            let samples = try AlignmentBatch(dataset, numbers: Array(0..<dataset.count)).samples
            let usable = samples.count { $0.visual != nil && !$0.instruction.isEmpty }
            #expect(whole.pairs == usable * (usable - 1) / 2)
            #expect(told.first == 0 && told.last == whole.pairs)
            #expect(try outputs.relevance(over: dataset, pairs: 1, seed: 1, standardError: 0).pairs == 1)
            outputs.rowLimit = 1  // one sample a pass
            let apart = try outputs.relevance(over: dataset, pairs: 100_000, seed: 1, standardError: 0)
            #expect(apart.pairs == whole.pairs)
            for (one, other) in zip(apart.scores, whole.scores) { #expect(abs(one - other) < 1e-5) }
        }
    }

    /// Alphas of one visual token more or less, so that the cosine of two inputs is what is wanted.
    private func relevance(_ pairs: [(Int, Int, cosine: Double)]) -> InstructionRelevance {
        var sums = RelevanceSums(layers: 1)
        for (one, other, cosine) in pairs {
            sums.add(
                (one, other), [[1, 0]], [[Float(cosine), Float((1 - cosine * cosine).squareRoot())]])
        }
        return sums.relevance
    }

    @Test func theErrorCountsInThatPairsShareInputs() throws {
        // Four cosines, 1, 1, 0, 0: each 1/2 from their mean. Apart: 1 / 3 / 4. The first two of one input,
        // the others of another: sums by input 1, -1 and four of 1/2, so (3 - 1) / 3 / 4.
        let apart = relevance([(0, 1, 1), (2, 3, 1), (4, 5, 0), (6, 7, 0)])
        #expect(abs(apart.standardErrors[0] - (1.0 / 12).squareRoot()) < 1e-9)
        let shared = relevance([(0, 1, 1), (0, 2, 1), (3, 4, 0), (3, 5, 0)])
        #expect(shared.scores == [0.5] && abs(shared.standardErrors[0] - (1.0 / 6).squareRoot()) < 1e-9)
        #expect(relevance([(0, 1, 0.5)]).standardErrors == [1])
    }
}
