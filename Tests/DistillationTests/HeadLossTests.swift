import Autograd
import Distillation
import Foundation
import NumericsSupport
import Records
import TeacherStore
import Tensors
import Testing

@Suite struct HeadLossTests {
    private let rows = 7
    private let width = 5
    private let vocabulary = 11
    private let common = 9
    private let weights = LossTerms(sft: 0.7, iva: 1.3, kd: 0.9, tpa: 1.1)

    private func tensor(_ shape: [Int], _ stream: UInt64) -> Tensor {
        Tensor(randomValues(shape.reduce(1, *), seed: 11, stream: stream), shape: shape)
    }

    private var teacher: TeacherLogits {
        TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
    }

    /// Rows of every kind: label only, label and divergences, divergence only, cached, untouched.
    private func lossRows(cached: Bool) -> [LossRow] {
        var result = [0, 1, 2, 4, 6].map { LossRow(row: $0) }
        result[0].label = 10  // above the common vocabulary: cross-entropy knows all ids
        result[0].share.sft = 0.25
        result[1].label = 3
        result[1].share = LossTerms(sft: 0.25, kd: 0.5, tpa: 0.2)
        result[2].share = LossTerms(iva: 0.3)
        result[3].share = LossTerms(tpa: 0.6)
        result[4].label = 0
        result[4].share = LossTerms(sft: 0.25, kd: 0.5)
        for index in 1..<5 { result[index].teacherRow = Int32(6 - index) }
        if cached {
            result[1].cached = 0
            result[2].cached = 1
            result[4].cached = 1
        }
        return result
    }

    private let targets = [
        CachedTarget(ids: [3, 1], logProbabilities: [log(0.5), log(0.2)], logTail: log(0.3)),
        CachedTarget(ids: [8, 0, 5], logProbabilities: [log(0.6), log(0.3), log(0.05)], logTail: log(0.05)),
    ]

    /// Distribution over the first `count` of a row of logits, in double precision.
    private func distribution(_ hidden: Tensor, _ row: Int, _ head: Tensor, _ count: Int) -> [Double] {
        let logits = (0..<count).map { v in
            (0..<hidden.width).reduce(0.0) { $0 + Double(hidden[row, $1]) * Double(head[v, $1]) }
        }
        let sum = logits.reduce(0.0) { $0 + exp($1) }
        return logits.map { exp($0) / sum }
    }

    private func kl(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).reduce(0) { $1.0 > 0 ? $0 + $1.0 * log($1.0 / $1.1) : $0 }
    }

    /// The definitions of docs/objective.md, row by row.
    private func reference(_ hidden: Tensor, _ head: Tensor, _ rows: [LossRow]) -> LossTerms {
        rows.reduce(LossTerms()) { sum, row in
            let whole = distribution(hidden, Int(row.row), head, vocabulary)
            let q = distribution(hidden, Int(row.row), head, common)
            let dense =
                row.teacherRow < 0
                ? 0 : kl(distribution(teacher.hidden, Int(row.teacherRow), teacher.head.data, common), q)
            var loose = dense
            if row.cached >= 0 {
                let target = targets[Int(row.cached)]
                let kept = target.ids.map { q[Int($0)] }
                loose = kl(
                    target.logProbabilities.map { exp(Double($0)) } + [exp(Double(target.logTail))],
                    kept + [1 - kept.reduce(0, +)])
            }
            return sum
                + LossTerms(
                    sft: row.label < 0 ? 0 : row.share.sft * -log(whole[Int(row.label)]),
                    iva: row.share.iva * loose,
                    kd: row.share.kd * loose, tpa: row.share.tpa * dense)
        }
    }

    private func loss(_ leaves: [Value], cached: Bool, chunkFloats: Int = 1 << 21) -> HeadLoss.Result {
        var head = HeadLoss(weights: weights, common: common)
        head.chunks.floats = chunkFloats
        return head(
            hidden: leaves[0], head: leaves[1], rows: LossRows(lossRows(cached: cached), targets: targets),
            teacher: teacher)
    }

    @Test(arguments: [false, true]) func termsAreThoseOfTheDefinition(cached: Bool) {
        let (hidden, head) = (tensor([rows, width], 1), tensor([vocabulary, width], 2))
        let expected = reference(hidden, head, lossRows(cached: cached))
        let found = loss([Value(hidden), Value(head)], cached: cached).terms
        for (a, b) in [
            (found.sft, expected.sft), (found.iva, expected.iva), (found.kd, expected.kd),
            (found.tpa, expected.tpa),
        ] {
            #expect(abs(a - b) < 1e-5 * (1 + abs(b)))
        }
        #expect(expected.iva > 0 && expected.kd > 0 && expected.tpa > 0)
    }

    @Test(arguments: [false, true]) func gradientMatchesFiniteDifferences(cached: Bool) {
        #expect(
            gradientError(inputs: [[rows, width], [vocabulary, width]]) { loss($0, cached: cached).loss }
                < 5e-3)
    }

    /// Of several chunks in bf16 the heads are laid out once.
    @Test(arguments: [Precision.fp32, .bf16]) func chunksDoNotChangeTheResult(precision: Precision) {
        // 40 rows in chunks of 16.
        let (hidden, head) = (tensor([40, width], 1), tensor([vocabulary, width], 2))
        let halves = precision == .bf16
        let teacherHead = tensor([10, 4], 4)
        let teacher = TeacherLogits(
            hidden: tensor([rows, 4], 3), head: halves ? Value(HalfTensor(teacherHead)) : Value(teacherHead))
        func run(_ chunkFloats: Int) -> [[Float]] {
            let leaves = [
                Value(hidden, requiresGradient: true),
                Value(head, half: halves ? HalfTensor(head) : nil, requiresGradient: true),
            ]
            var op = HeadLoss(weights: weights, common: common)
            (op.chunks.floats, op.chunks.leastRows) = (chunkFloats, 16)
            let rows = (0..<40).map { index in
                var row = LossRow(row: Int32(index))
                row.label = Int32(index % vocabulary)
                row.teacherRow = Int32(index % self.rows)
                row.share = LossTerms(sft: 0.1, kd: 0.2)
                return row
            }
            let result = op(hidden: leaves[0], head: leaves[1], rows: LossRows(rows), teacher: teacher)
            result.loss.backward()
            return [result.loss.data.values] + leaves.map { $0.gradient?.values ?? [] }
        }
        for (one, many) in zip(run(1 << 21), run(16)) {
            #expect(one.count == many.count && !one.isEmpty)
            #expect(zip(one, many).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test func cachedWithAllIdsEqualsTheTeacherInTheLoop() {
        let (hidden, head) = (tensor([rows, width], 1), tensor([vocabulary, width], 2))
        let all = topTargets(
            hidden: teacher.hidden, head: teacher.head, rows: (0..<7).map { $0 }, topK: nil, common: common)
        func run(_ cached: Bool) -> ([Float], LossTerms) {
            let leaf = Value(hidden, requiresGradient: true)
            let rows = (0..<7).map { index in
                var row = LossRow(row: Int32(index))
                row.share.kd = 0.2
                if cached { row.cached = Int32(index) } else { row.teacherRow = Int32(index) }
                return row
            }
            let result = HeadLoss(weights: weights, common: common)(
                hidden: leaf, head: Value(head), rows: LossRows(rows, targets: all),
                teacher: cached ? nil : teacher)
            result.loss.backward()
            return (leaf.gradient?.values ?? [], result.terms)
        }
        let (inLoop, fromCache) = (run(false), run(true))
        #expect(abs(inLoop.1.kd - fromCache.1.kd) < 1e-5)
        #expect(
            inLoop.0.count == rows * width && zip(inLoop.0, fromCache.0).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func mergingTheTailLowersTheDivergence() {
        let (hidden, head) = (tensor([rows, width], 1), tensor([vocabulary, width], 2))
        func divergence(_ topK: Int?) -> Double {
            let targets = topTargets(
                hidden: teacher.hidden, head: teacher.head, rows: [0], topK: topK, common: common)
            var row = LossRow(row: 0)
            (row.cached, row.share.kd) = (0, 1)
            return HeadLoss(weights: weights, common: common)(
                hidden: Value(hidden), head: Value(head), rows: LossRows([row], targets: targets)
            ).terms.kd
        }
        #expect(divergence(3) <= divergence(6) + 1e-6)
        #expect(divergence(6) <= divergence(nil) + 1e-6)
        #expect(divergence(nil) > 0)
    }
}
