import Autograd
import Foundation
import TeacherStore
import Tensors
import Testing

@Suite struct TopTargetsTests {
    /// Selected in parts and ranked by counting, or sorted whole: the same ids, ties by the lower id.
    @Test(arguments: [
        (50, 1), (50, 50), (50, 49), (700, 64), (700, 3), (5000, 64), (5000, 200), (5000, 400), (5000, 4999),
    ])
    func theMostProbableIdsInOrder(vocabulary: Int, count: Int) throws {
        var random = CounterRandom(17, UInt64(vocabulary + count))
        // Few different values, zeros of both signs among them: many ties.
        let logits = (0..<vocabulary).map { _ in Float(Int(random.next() % 41)) / 4 - 5 }.map {
            $0 == 0 && random.uniform() < 0.5 ? -0.0 : $0
        }
        let target = try #require(
            topTargets(
                hidden: Tensor([1], shape: [1, 1]), head: Value(Tensor(logits, shape: [vocabulary, 1])),
                rows: [0],
                topK: count, common: vocabulary
            ).first)
        let expected = logits.indices.sorted {
            logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1
        }.prefix(count)
        #expect(target.ids == expected.map { Int32($0) })
        let logSum = log(logits.reduce(0.0) { $0 + exp(Double($1)) })
        #expect(
            zip(expected, target.logProbabilities).allSatisfy {
                abs(Double(logits[$0]) - logSum - Double($1)) < 1e-4
            })
    }
}
