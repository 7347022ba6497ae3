import AlignmentSupport
import Autograd
import Distillation
import Files
import Foundation
import NumericsSupport
import Records
import TeacherStore
import Tensors
import TestSupport
import Testing

/// Every divergence by hand, against its definition, at its limits, and its gradient.
@Suite struct DivergenceTests {
    static let all: [Divergence] = [
        .forwardKL, .reverseKL, .jensenShannon(beta: 0.5), .jensenShannon(beta: 0.1), .skewedKL(alpha: 0.2),
        .skewedReverseKL(alpha: 0.2),
    ]

    /// In double precision, as the papers write it.
    static func definition(_ divergence: Divergence, _ p: [Double], _ q: [Double]) -> Double {
        func kl(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $1.0 > 0 ? $0 + $1.0 * log($1.0 / $1.1) : $0 }
        }
        func mix(_ share: Double, _ a: [Double], _ b: [Double]) -> [Double] {
            zip(a, b).map { share * $0 + (1 - share) * $1 }
        }
        switch divergence {
        case .forwardKL: return kl(p, q)
        case .reverseKL: return kl(q, p)
        case .jensenShannon(let beta):
            let m = mix(beta, p, q)
            return beta * kl(p, m) + (1 - beta) * kl(q, m)
        case .skewedKL(let alpha): return kl(p, mix(alpha, p, q))
        case .skewedReverseKL(let alpha): return kl(q, mix(alpha, q, p))
        }
    }

    private static func softmax(_ logits: [Double]) -> [Double] {
        let top = logits.max() ?? 0
        let weights = logits.map { exp($0 - top) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// The KD of one row of logits: with an identity for a head the hidden state is the logits.
    private func kd(_ divergence: Divergence, teacher: [Float], student: [Float]) -> Double {
        let width = student.count
        let identity = Tensor(zeros: [width, width])
        for index in 0..<width { identity[index, index] = 1 }
        var row = LossRow(row: 0)
        (row.teacherRow, row.share.kd) = (0, 1)
        return HeadLoss(
            weights: LossTerms(kd: 1), common: width, divergences: TermDivergences(kd: divergence)
        )(
            hidden: Value(Tensor(student, shape: [1, width])), head: Value(identity), rows: LossRows([row]),
            teacher: TeacherLogits(hidden: Tensor(teacher, shape: [1, width]), head: Value(identity))
        ).terms.kd
    }

    private struct SmallCase: Sendable {
        let divergence: Divergence
        let expected: Double
    }

    /// p = (1/2, 1/2), q = (1/4, 3/4).
    private static func smallCases() -> [SmallCase] {
        let forward: Double = 0.5 * log(4.0 / 3)  // 1/2 log 2 + 1/2 log 2/3
        let reverse: Double = 0.25 * log(0.5) + 0.75 * log(1.5)
        // m = (3/8, 5/8)
        let left: Double = 0.5 * log(4.0 / 3) + 0.5 * log(0.8)
        let right: Double = 0.25 * log(2.0 / 3) + 0.75 * log(1.2)
        let skewed: Double = 0.5 * log(5.0 / 3) + 0.5 * log(5.0 / 7)  // m = (0.3, 0.7)
        let skewedReverse: Double = 0.25 * log(5.0 / 9) + 0.75 * log(15.0 / 11)  // m = (0.45, 0.55)
        return [
            SmallCase(divergence: .forwardKL, expected: forward),
            SmallCase(divergence: .reverseKL, expected: reverse),
            SmallCase(divergence: .jensenShannon(beta: 0.5), expected: (left + right) / 2),
            SmallCase(divergence: .skewedKL(alpha: 0.2), expected: skewed),
            SmallCase(divergence: .skewedReverseKL(alpha: 0.2), expected: skewedReverse),
        ]
    }

    @Test func smallCasesAreThoseByHand() {
        for small in Self.smallCases() {
            let found = kd(small.divergence, teacher: [0, 0], student: [0, log(3)])
            #expect(
                abs(found - small.expected) < 1e-6,
                "\(small.divergence): \(found), expected \(small.expected)")
        }
    }

    @Test func limitsAndSymmetries() {
        let (a, b) = (randomValues(40, seed: 1), randomValues(40, seed: 2))
        func equal(_ x: Double, _ y: Double) -> Bool { abs(x - y) < 2e-6 && x > 0.1 }
        let half = Divergence.jensenShannon(beta: 0.5)
        #expect(equal(kd(half, teacher: a, student: b), kd(half, teacher: b, student: a)))
        let (forward, reverse) = (
            kd(.forwardKL, teacher: a, student: b), kd(.reverseKL, teacher: a, student: b)
        )
        #expect(equal(kd(.skewedKL(alpha: 0), teacher: a, student: b), forward))
        #expect(equal(kd(.skewedReverseKL(alpha: 0), teacher: a, student: b), reverse))
        #expect(equal(reverse, kd(.forwardKL, teacher: b, student: a)))
        // JSD(beta) / beta tends to the forward KL, JSD(beta) / (1 - beta) to the reverse one (Agarwal et al.
        // 2024).
        #expect(
            abs(kd(.jensenShannon(beta: 1e-3), teacher: a, student: b) / 1e-3 - forward) < 5e-3 * forward)
        #expect(
            abs(kd(.jensenShannon(beta: 0.999), teacher: a, student: b) / 1e-3 - reverse) < 5e-3 * reverse)
        for divergence in Self.all { #expect(abs(kd(divergence, teacher: a, student: a)) < 1e-6) }
    }

    /// 3,000 ids: several blocks of the kernel and a rest, probabilities over thirty orders of magnitude.
    @Test(arguments: all) func largeRowsAgreeWithTheDefinition(divergence: Divergence) {
        let (a, b) = (
            randomValues(3000, seed: 3).map { $0 * 8 }, randomValues(3000, seed: 4).map { $0 * 8 }
        )
        let expected = Self.definition(
            divergence, Self.softmax(a.map { Double($0) }), Self.softmax(b.map { Double($0) }))
        #expect(abs(kd(divergence, teacher: a, student: b) - expected) < 1e-5 * expected)
    }

    @Test(arguments: all) func nothingIsInfiniteWhereAProbabilityVanishes(divergence: Divergence) {
        let (one, other): ([Float], [Float]) = ([0, 300, -300], [300, 0, -300])
        let found = kd(divergence, teacher: one, student: other)
        #expect(found.isFinite && found > 0.1)
        let same = kd(divergence, teacher: one, student: one)
        #expect(abs(same) < 1e-6)
    }

    private let rows = 6
    private let width = 5
    private let vocabulary = 11
    private let common = 9

    private func tensor(_ shape: [Int], _ stream: UInt64) -> Tensor {
        Tensor(randomValues(shape.reduce(1, *), seed: 11, stream: stream), shape: shape)
    }

    /// Rows with labels and every mixture of terms; two of them cached where `targets` are given.
    private func loss(_ leaves: [Value], _ divergences: TermDivergences, _ targets: [CachedTarget] = [])
        -> HeadLoss.Result
    {
        let teacher = TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
        var list = (0..<rows).map { LossRow(row: Int32($0)) }
        list[0].label = 10
        list[0].share = LossTerms(sft: 0.4, kd: 0.5)
        list[1].share = LossTerms(iva: 0.3, kd: 0.5, tpa: 0.2)
        list[2].share = LossTerms(tpa: 0.6)
        list[3].label = 3
        list[3].share = LossTerms(sft: 0.2, kd: 0.3, tpa: 0.7)
        list[4].share = LossTerms(iva: 0.8)
        for index in 0..<5 { list[index].teacherRow = Int32(index) }
        if !targets.isEmpty { (list[1].cached, list[3].cached) = (0, 1) }
        return HeadLoss(
            weights: LossTerms(sft: 0.7, iva: 1.3, kd: 0.9, tpa: 1.1), common: common,
            divergences: divergences
        )(
            hidden: leaves[0], head: leaves[1], rows: LossRows(list, targets: targets), teacher: teacher)
    }

    private let targets = [
        CachedTarget(ids: [3, 1], logProbabilities: [log(0.5), log(0.2)], logTail: log(0.3)),
        CachedTarget(ids: [8, 0, 5], logProbabilities: [log(0.6), log(0.3), log(0.05)], logTail: log(0.05)),
    ]

    @Test(arguments: all) func gradientMatchesFiniteDifferences(divergence: Divergence) {
        let same = TermDivergences(kd: divergence, iva: divergence, tpa: divergence)
        for (divergences, cached) in [(same, []), (same, targets)] {
            #expect(
                gradientError(inputs: [[rows, width], [vocabulary, width]]) {
                    loss($0, divergences, cached).loss
                } < 5e-3, "\(divergence), \(cached.count) cached")
        }
    }

    @Test func termsWithDivergencesOfTheirOwnDoNotMix() {
        let mixed = TermDivergences(kd: .reverseKL, iva: .jensenShannon(beta: 0.3), tpa: .forwardKL)
        let leaves = [Value(tensor([rows, width], 1)), Value(tensor([vocabulary, width], 2))]
        for cached in [[], targets] {
            #expect(
                gradientError(inputs: [[rows, width], [vocabulary, width]]) { loss($0, mixed, cached).loss }
                    < 5e-3)
            func alone(_ divergence: Divergence) -> LossTerms {
                loss(leaves, TermDivergences(kd: divergence, iva: divergence, tpa: divergence), cached).terms
            }
            let found = loss(leaves, mixed, cached).terms
            #expect(abs(found.kd - alone(mixed.kd).kd) < 1e-6 && found.kd > 0)
            #expect(abs(found.iva - alone(mixed.iva).iva) < 1e-6 && found.iva > 0)
            #expect(abs(found.tpa - alone(mixed.tpa).tpa) < 1e-6 && found.tpa > 0)
        }
    }

    /// k + 1 outcomes: the definition over them, which merging makes a lower bound; with all ids the
    /// divergence itself.
    @Test(arguments: all) func aCachedTargetIsComparedOverItsOutcomes(divergence: Divergence) {
        let (hidden, head) = (tensor([rows, width], 1), tensor([vocabulary, width], 2))
        let teacher = TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
        func kd(_ topK: Int?) -> Double {
            var row = LossRow(row: 2)
            (row.cached, row.share.kd) = (0, 1)
            return HeadLoss(
                weights: LossTerms(kd: 1), common: common, divergences: TermDivergences(kd: divergence))(
                    hidden: Value(hidden), head: Value(head),
                    rows: LossRows(
                        [row],
                        targets: topTargets(
                            hidden: teacher.hidden, head: teacher.head, rows: [2], topK: topK, common: common)
                    )
                ).terms.kd
        }
        func logits(_ hidden: Tensor, _ head: Tensor) -> [Double] {
            (0..<common).map { v in
                (0..<hidden.width).reduce(0.0) { $0 + Double(hidden[2, $1]) * Double(head[v, $1]) }
            }
        }
        let (p, q) = (
            Self.softmax(logits(teacher.hidden, teacher.head.data)), Self.softmax(logits(hidden, head))
        )
        #expect(abs(kd(nil) - Self.definition(divergence, p, q)) < 1e-5)
        let best = p.indices.sorted { p[$0] > p[$1] }
        for k in [1, 4] {
            func merged(_ x: [Double]) -> [Double] {
                best[..<k].map { x[$0] } + [best[k...].reduce(0) { $0 + x[$1] }]
            }
            #expect(abs(kd(k) - Self.definition(divergence, merged(p), merged(q))) < 1e-5)
        }
        #expect(kd(1) <= kd(4) + 1e-6 && kd(4) <= kd(nil) + 1e-6 && kd(nil) > 0.01)
    }

    /// The golden data's own divergences are forward KLs (AlignmentLossTests); the others follow from its
    /// logits.
    @Test(arguments: Fixtures.cases("models", with: "forward.safetensors"))
    func theTermsAreThoseOfTheGoldenLogits(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let (student, teacher) = (try fixture.student(trainable: []), try fixture.teacher())
        let common = min(student.language.vocabularySize, teacher.language.vocabularySize)
        let forward = try fixture.golden("forward")
        func distributions(_ who: String, _ vocabulary: Int) throws -> (Int, Int) -> [Double] {
            let logits = try forward.floats("\(who)/logits")
            return { sample, position in
                let start = (sample * fixture.padded + position) * vocabulary
                return Self.softmax(logits[start..<start + common].map { Double($0) })
            }
        }
        let p = try distributions("teacher", teacher.language.vocabularySize)
        let q = try distributions("student", student.language.vocabularySize)
        for divergence in Self.all {
            var (kd, iva) = (0.0, 0.0)
            for (index, sample) in fixture.batch.samples.enumerated() {
                for t in sample.responsePositions {
                    kd += Self.definition(divergence, p(index, t - 1), q(index, t - 1))
                }
                // Uniform weights: the mean over the visual tokens.
                for k in sample.visual ?? 0..<0 {
                    iva +=
                        Self.definition(divergence, p(index, k), q(index, k))
                        / Double(sample.visual?.count ?? 1)
                }
            }
            var objective = fixture.objective(LossTerms(iva: 1, kd: 1))
            objective.divergences = TermDivergences(kd: divergence, iva: divergence)
            objective.saliencySource = .uniform
            let found = try AlignmentLoss(student: student, teacher: teacher, objective: objective)(
                fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates)
            ).terms
            kd /= Double(fixture.batch.supervisedTokens)
            iva /= Double(fixture.batch.samples.count)
            #expect(abs(found.kd - kd) < 1e-4 * kd && kd > 0, "\(divergence)")
            #expect(abs(found.iva - iva) < 1e-4 * iva && iva > 0, "\(divergence)")
        }
    }
}
