import Autograd
import Distillation
import Foundation
import NumericsSupport
import Records
import TeacherStore
import Tensors
import Testing

@Suite struct SampledTargetsTests {
    private let rows = 3
    private let width = 5
    private let vocabulary = 11
    private let common = 9

    private func tensor(_ shape: [Int], _ stream: UInt64) -> Tensor {
        Tensor(randomValues(shape.reduce(1, *), seed: 5, stream: stream), shape: shape)
    }

    /// d loss / d hidden states of a student, and the loss, from the given targets; or from the dense
    /// teacher.
    private func step(_ targets: [CachedTarget]?, _ teacher: TeacherLogits) -> (
        gradient: [Double], loss: Double
    ) {
        let hidden = Value(tensor([rows, width], 1), requiresGradient: true)
        let lossRows = (0..<rows).map { index in
            var row = LossRow(row: Int32(index))
            row.share.kd = 1
            if targets == nil { row.teacherRow = Int32(index) } else { row.cached = Int32(index) }
            return row
        }
        let result = HeadLoss(weights: LossTerms(kd: 1), common: common)(
            hidden: hidden, head: Value(tensor([vocabulary, width], 2)),
            rows: LossRows(lossRows, targets: targets ?? []),
            teacher: targets == nil ? teacher : nil)
        result.loss.backward()
        return ((hidden.gradient?.values ?? []).map { Double($0) }, result.terms.kd)
    }

    /// Mean over seeds of gradient and loss against the dense ones, in standard errors. 16 numbers within 4.5
    /// of them: chance 1e-4.
    @Test func lossAndGradientOfDrawsAreThoseOfTheWholeDistributionInTheMean() {
        let teacher = TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
        let dense = step(nil, teacher)
        let expected = dense.gradient + [dense.loss]
        let seeds = 4000
        var sums = [Double](repeating: 0, count: expected.count)
        var squares = sums
        for seed in 0..<seeds {
            let targets = sampledTargets(
                hidden: teacher.hidden, head: teacher.head, rows: [0, 1, 2], draws: 3, common: common,
                streams: (0..<3).map { CounterRandom(77, UInt64(seed), $0) })
            let found = step(targets, teacher)
            for (index, value) in (found.gradient + [found.loss]).enumerated() {
                sums[index] += value
                squares[index] += value * value
            }
        }
        #expect(expected.count == rows * width + 1)
        for (index, value) in expected.enumerated() {
            let mean = sums[index] / Double(seeds)
            let error = ((squares[index] / Double(seeds) - mean * mean) / Double(seeds - 1)).squareRoot()
            #expect(
                error > 0 && abs(mean - value) < 4.5 * error,
                "\(index): \(mean) and \(value), standard error \(error)")
        }
    }

    /// Keeping the top ids and forgetting the rest, renormalised, is what the draws are unbiased against: the
    /// test above can see a bias.
    @Test func forgettingTheTailWouldBeSeen() {
        let teacher = TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
        let top = topTargets(
            hidden: teacher.hidden, head: teacher.head, rows: [0, 1, 2], topK: 3, common: common
        ).map {
            CachedTarget(ids: $0.ids, logProbabilities: $0.logProbabilities, logTail: -.infinity)
        }
        let difference =
            zip(step(nil, teacher).gradient, step(top, teacher).gradient).map { abs($0 - $1) }.max() ?? 0
        #expect(difference > 0.05)
    }

    @Test func drawsAreAFunctionOfTheirStreamAndCountUp() {
        let teacher = TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
        func draw(_ seed: UInt64, rows: [Int32]) -> [CachedTarget] {
            sampledTargets(
                hidden: teacher.hidden, head: teacher.head, rows: rows, draws: 50, common: common,
                streams: rows.map { CounterRandom(seed, UInt64($0)) })
        }
        let both = draw(1, rows: [0, 2])
        #expect(both[1] == draw(1, rows: [2])[0] && both != draw(2, rows: [0, 2]))
        let whole = topTargets(
            hidden: teacher.hidden, head: teacher.head, rows: [0], topK: nil, common: common)[0]
        let entropy = whole.logProbabilities.reduce(0.0) { $0 - exp(Double($1)) * Double($1) }
        #expect(abs(Double(both[0].entropy ?? 0) - entropy) < 1e-5)
        #expect(abs(both[0].logProbabilities.reduce(0.0) { $0 + exp(Double($1)) } - 1) < 1e-6)
        #expect(
            both[0].ids.allSatisfy { $0 >= 0 && $0 < Int32(common) }
                && Set(both[0].ids).count == both[0].ids.count)
    }

    /// KL = KL over k + 1 outcomes + tail mass times KL within the tail: what the summary's tail mass
    /// multiplies is all that is lost.
    @Test func whatMergingTheTailLosesIsItsMassTimesTheDivergenceWithinIt() {
        let teacher = TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
        let all = topTargets(
            hidden: teacher.hidden, head: teacher.head, rows: [0, 1, 2], topK: nil, common: common)
        let top = topTargets(
            hidden: teacher.hidden, head: teacher.head, rows: [0, 1, 2], topK: 4, common: common)
        let (hidden, head) = (tensor([rows, width], 1), tensor([vocabulary, width], 2))
        var lost = 0.0
        for row in 0..<rows {
            let logits = (0..<common).map { v in
                (0..<width).reduce(0.0) { $0 + Double(hidden[row, $1]) * Double(head[v, $1]) }
            }
            let tail = Array(zip(all[row].ids, all[row].logProbabilities).dropFirst(4))
            let mass = tail.reduce(0.0) { $0 + exp(Double($1.1)) }
            #expect(abs(mass - exp(Double(top[row].logTail))) < 1e-5)
            let q = tail.map { exp(logits[Int($0.0)]) }
            let within = zip(tail, q).reduce(0.0) {
                $0 + exp(Double($1.0.1)) / mass * log(exp(Double($1.0.1)) / mass / ($1.1 / q.reduce(0, +)))
            }
            #expect(within > 0)
            lost += mass * within
        }
        #expect(abs(step(nil, teacher).loss - step(top, teacher).loss - lost) < 1e-4)
    }
}
