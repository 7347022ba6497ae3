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
            outputs.rowLimit = 1  // one sample a pass
            let apart = try outputs.relevance(over: dataset, pairs: 100_000, seed: 1, standardError: 0)
            #expect(apart.pairs == whole.pairs)
            for (one, other) in zip(apart.scores, whole.scores) { #expect(abs(one - other) < 1e-5) }
        }
    }
}
