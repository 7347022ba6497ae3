import AlignmentSupport
import Autograd
import Distillation
import Foundation
import NumericsSupport
import Records
import TeacherStore
import Tensors
import TestSupport
import Testing

/// Divergences of distributions at a temperature T: softmax of logits / T, of both models.
@Suite struct TemperatureTests {
    private static let cases: [(divergence: Divergence, temperature: Double)] = DivergenceTests.all.flatMap {
        divergence in [0.5, 2, 3, 7.3].map { (divergence, $0) }
    }

    private static func softmax(_ logits: [Float], _ temperature: Double) -> [Double] {
        let scaled = logits.map { Double($0) / temperature }
        let top = scaled.max() ?? 0
        let sum = scaled.reduce(0.0) { $0 + exp($1 - top) }
        return scaled.map { exp($0 - top) / sum }
    }

    private func at(_ temperature: Double, squared: Bool = true, _ divergence: Divergence)
        -> TermDivergences
    {
        var terms = TermDivergences(kd: divergence, iva: divergence, tpa: divergence)
        (terms.temperature, terms.temperatureSquared) = (temperature, squared)
        return terms
    }

    private func identity(_ width: Int) -> Value {
        let identity = Tensor(zeros: [width, width])
        for index in 0..<width { identity[index, index] = 1 }
        return Value(identity)
    }

    /// One row of logits, looked at by one term or several: with an identity for a head the hidden state is
    /// the logits.
    ///
    /// - Parameter share: of the row in each term
    /// - Returns: the terms, and d loss / d logits with all weights 1
    private func row(
        _ divergences: TermDivergences, teacher: [Float], student: [Float], label: Int32 = -1,
        share: LossTerms
    ) -> (terms: LossTerms, gradient: [Float]) {
        let width = student.count
        let hidden = Value(Tensor(student, shape: [1, width]), requiresGradient: true)
        var row = LossRow(row: 0)
        (row.teacherRow, row.label, row.share) = (0, label, share)
        let result = HeadLoss(
            weights: LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1), common: width, divergences: divergences
        )(
            hidden: hidden, head: identity(width), rows: LossRows([row]),
            teacher: TeacherLogits(hidden: Tensor(teacher, shape: [1, width]), head: identity(width)))
        result.loss.backward()
        return (result.terms, hidden.gradient?.values ?? [])
    }

    /// T = 2: logits (0, log 9) become (0, log 3), so p = (1/2, 1/2) and q = (1/4, 3/4), whose KL is
    /// 1/2 log 4/3. d KL / d logits = (q - p) / T = (-1/8, 1/8); both times T² = 4 where that is asked for.
    @Test func aSmallCaseByHand() {
        for (squared, factor) in [(false, 1.0), (true, 4.0)] {
            let found = row(
                at(2, squared: squared, .forwardKL), teacher: [5, 5], student: [0, log(9)],
                share: LossTerms(kd: 1))
            #expect(abs(found.terms.kd - factor * 0.5 * log(4.0 / 3)) < 1e-6)
            #expect(abs(Double(found.gradient[0]) + factor / 8) < 1e-6)
            #expect(abs(Double(found.gradient[1]) - factor / 8) < 1e-6)
        }
    }

    /// 1,100 ids: two blocks of the kernels and a rest.
    @Test(arguments: cases) func everyTermIsThatOfTheDefinition(divergence: Divergence, temperature: Double) {
        let (p, q) = (randomValues(1100, seed: 3).map { $0 * 4 }, randomValues(1100, seed: 4).map { $0 * 4 })
        let plain = DivergenceTests.definition(
            divergence, Self.softmax(p, temperature), Self.softmax(q, temperature))
        for (squared, factor) in [(false, 1), (true, temperature * temperature)] {
            let found = row(
                at(temperature, squared: squared, divergence), teacher: p, student: q,
                share: LossTerms(iva: 0.5, kd: 1, tpa: 2)
            ).terms
            for (value, share) in [(found.iva, 0.5), (found.kd, 1), (found.tpa, 2)] {
                let expected = share * factor * plain
                #expect(abs(value - expected) < 2e-5 * expected, "\(divergence) at \(temperature)")
            }
        }
        #expect(plain > 0.01)
    }

    /// Hinton et al. 2015: for T far above the logits, whose means are equal, T² KL tends to
    /// 1/(2N) Σ (z - v)² and its gradient to (z - v) / N.
    @Test func atAHighTemperatureLogitsAreMatched() {
        let (v, z): ([Float], [Float]) = ([1, -1, 0.5, -0.5], [-0.25, 0.75, 1, -1.5])
        let found = row(at(100, .forwardKL), teacher: v, student: z, share: LossTerms(kd: 1))
        let distance = zip(v, z).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        #expect(abs(found.terms.kd - distance / 8) < 0.02 * distance / 8)
        for (gradient, (v, z)) in zip(found.gradient, zip(v, z)) {
            #expect(abs(gradient - (z - v) / 4) < 0.01)
        }
    }

    @Test(arguments: DivergenceTests.all) func crossEntropyStaysAtOne(divergence: Divergence) {
        let (p, q) = (randomValues(50, seed: 5), randomValues(50, seed: 6))
        let both = LossTerms(sft: 1, kd: 1)
        let (cold, warm) = (
            row(at(1, divergence), teacher: p, student: q, label: 7, share: both),
            row(at(3, divergence), teacher: p, student: q, label: 7, share: both)
        )
        #expect(cold.terms.sft == warm.terms.sft && cold.terms.kd != warm.terms.kd)
        let alone = row(at(3, divergence), teacher: p, student: q, share: LossTerms(kd: 1))
        let softmax = Self.softmax(q, 1)
        for index in q.indices {
            let crossEntropy = softmax[index] - (index == 7 ? 1 : 0)
            #expect(
                abs(Double(warm.gradient[index] - alone.gradient[index]) - crossEntropy) < 1e-5,
                "id \(index)")
        }
    }

    @Test(arguments: DivergenceTests.all) func atOneTheFactorChangesNoBit(divergence: Divergence) {
        let (p, q) = (randomValues(700, seed: 7), randomValues(700, seed: 8))
        let share = LossTerms(sft: 0.1, iva: 0.3, kd: 0.7, tpa: 0.9)
        let same = TermDivergences(kd: divergence, iva: divergence, tpa: divergence)
        let expected = row(same, teacher: p, student: q, label: 3, share: share)
        for squared in [false, true] {
            let found = row(
                at(1, squared: squared, divergence), teacher: p, student: q, label: 3, share: share)
            #expect(found.terms == expected.terms && found.gradient == expected.gradient)
        }
    }

    private let rows = 5
    private let width = 5
    private let vocabulary = 11
    private let common = 9

    private func tensor(_ shape: [Int], _ stream: UInt64) -> Tensor {
        Tensor(randomValues(shape.reduce(1, *), seed: 11, stream: stream), shape: shape)
    }

    /// Rows of every kind; those of KD and IVA from cached targets of all ids, or from the teacher.
    private func loss(_ leaves: [Value], _ divergences: TermDivergences, cached: Bool) -> HeadLoss.Result {
        let teacher = TeacherLogits(hidden: tensor([rows, 4], 3), head: Value(tensor([10, 4], 4)))
        let targets = topTargets(
            hidden: teacher.hidden, head: teacher.head, rows: (0..<5).map { $0 }, topK: nil, common: common)
        var list = (0..<rows).map { LossRow(row: Int32($0)) }
        list[0].label = 10  // beyond the common vocabulary, and no divergence
        list[0].share.sft = 0.4
        list[1].share = LossTerms(iva: 0.3, kd: 0.5)
        list[2].share = LossTerms(tpa: 0.6)
        list[3].label = 3
        list[3].share = LossTerms(sft: 0.2, kd: 0.3, tpa: 0.7)
        list[4].share = LossTerms(iva: 0.8)
        for index in 1..<rows {
            list[index].teacherRow = Int32(index)
            if cached { list[index].cached = Int32(index) }
        }
        return HeadLoss(
            weights: LossTerms(sft: 0.7, iva: 1.3, kd: 0.9, tpa: 1.1), common: common,
            divergences: divergences
        )(
            hidden: leaves[0], head: leaves[1], rows: LossRows(list, targets: targets), teacher: teacher)
    }

    @Test(arguments: DivergenceTests.all) func gradientMatchesFiniteDifferences(divergence: Divergence) {
        var mixed = TermDivergences(kd: divergence, iva: .forwardKL, tpa: .reverseKL)
        mixed.temperature = 3
        for (divergences, cached) in [
            (at(0.5, divergence), false), (at(2, divergence), true),
            (at(4, squared: false, divergence), false),
            (mixed, false), (mixed, true),
        ] {
            #expect(
                gradientError(inputs: [[rows, width], [vocabulary, width]]) {
                    loss($0, divergences, cached: cached).loss
                } < 5e-3, "\(divergences), cached \(cached)")
        }
    }

    @Test(arguments: cases) func cachedWithAllIdsEqualsTheTeacherInTheLoop(
        divergence: Divergence, temperature: Double
    ) {
        func run(cached: Bool) -> (terms: LossTerms, gradients: [Float]) {
            let leaves = [
                Value(tensor([rows, width], 1), requiresGradient: true),
                Value(tensor([vocabulary, width], 2), requiresGradient: true),
            ]
            let result = loss(leaves, at(temperature, divergence), cached: cached)
            result.loss.backward()
            return (result.terms, leaves.flatMap { $0.gradient?.values ?? [] })
        }
        let (inLoop, fromCache) = (run(cached: false), run(cached: true))
        #expect(abs(inLoop.terms.kd - fromCache.terms.kd) < 1e-5 * (1 + inLoop.terms.kd))
        #expect(abs(inLoop.terms.iva - fromCache.terms.iva) < 1e-5 * (1 + inLoop.terms.iva))
        #expect(inLoop.gradients.count == (rows + vocabulary) * width && inLoop.terms.kd > 0.01)
        #expect(
            zip(inLoop.gradients, fromCache.gradients).allSatisfy { abs($0 - $1) < 1e-5 * (1 + abs($0)) })
    }

    private func plan(_ weights: LossTerms, _ cache: CachedOutputs, _ temperature: Double) -> TeacherPlan {
        var objective = AlignmentObjective(weights: weights)
        objective.divergences.temperature = temperature
        return TeacherPlan(objective, cache: cache)
    }

    @Test func onlyAllLogProbabilitiesServeAnotherTemperatureThanOne() throws {
        let weights = LossTerms(sft: 1, iva: 1, kd: 1)
        var settings = TeacherOutputSettings(topK: nil, commonVocabulary: 64, saliencyLayer: 0)
        let whole = plan(weights, settings.cachedOutputs, 2)
        #expect(whole.kd == .cache && whole.iva == .cache && !whole.needsTeacher)
        settings.topK = 64  // all there are
        #expect(plan(weights, settings.cachedOutputs, 2).kd == .cache)
        var sampled = settings
        (sampled.encoding, sampled.samples) = (.sampled, 64)
        settings.topK = 63
        for cache in [settings.cachedOutputs, sampled.cachedOutputs] {
            #expect(plan(weights, cache, 1).kd == .cache)
            let warm = plan(weights, cache, 2)
            #expect(warm.kd == .loop && warm.iva == .loop && warm.alphas == .cache)
            #expect {
                try warm.required(nil)
            } throws: { error in
                let text = "\(error)"
                return ["divergence.temperature is 2.0", "--teacher", "top_k: null"].allSatisfy(text.contains)
            }
        }
    }

    /// The golden data's logits, through the models: KD and IVA at T = 2.
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
                return Self.softmax(Array(logits[start..<start + common]), 2)
            }
        }
        let p = try distributions("teacher", teacher.language.vocabularySize)
        let q = try distributions("student", student.language.vocabularySize)
        var kd = 0.0
        for (index, sample) in fixture.batch.samples.enumerated() {
            for t in sample.responsePositions {
                kd += 4 * DivergenceTests.definition(.reverseKL, p(index, t - 1), q(index, t - 1))
            }
        }
        kd /= Double(fixture.batch.supervisedTokens)
        var objective = fixture.objective(LossTerms(kd: 1))
        objective.divergences = at(2, .reverseKL)
        let found = try AlignmentLoss(student: student, teacher: teacher, objective: objective)(
            fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates)
        ).terms
        #expect(abs(found.kd - kd) < 1e-4 * kd && kd > 0)
    }
}
