import AlignmentSupport
import Autograd
import Distillation
import Foundation
import Models
import Records
import Tensors
import TestSupport
import Testing

/// TPA three ways: one ordinary forward per candidate (the definition), the whole ribbon in one pass (the
/// paper's), and the trunk once with merged branches (ours) give the same loss and the same gradients.
@Suite struct RibbonTests {
    private struct Outcome {
        let loss: Double
        let gradients: [String: [Float]]

        init(_ loss: Value, _ student: LlavaModel) {
            self.loss = Double(loss.data.values[0])
            loss.backward()
            gradients = Dictionary(
                uniqueKeysWithValues: student.parameters().map { ($0.name, $0.value.gradient?.values ?? []) })
        }
    }

    /// Response positions with a candidate each, in order.
    private func candidates(_ fixture: ModelFixture) -> [(sample: Int, position: Int, id: Int32)] {
        fixture.candidates.enumerated().flatMap { sample, positions in
            positions.enumerated().flatMap { position, ids in ids.map { (sample, position, $0) } }
        }
    }

    private func loss(
        _ student: Value, _ teacher: Value, _ rows: [Int32],
        _ models: (student: LlavaModel, teacher: LlavaModel), _ fixture: ModelFixture
    ) -> Value {
        let common = min(models.student.language.vocabularySize, models.teacher.language.vocabularySize)
        let share = 1 / Double(fixture.candidatesPerToken * fixture.totals.supervisedTokens)
        let lossRows = rows.map { row in
            var result = LossRow(row: row)
            (result.teacherRow, result.share.tpa) = (row, share)
            return result
        }
        return HeadLoss(weights: LossTerms(tpa: 1), common: common)(
            hidden: student, head: models.student.language.head, rows: LossRows(lossRows),
            teacher: TeacherLogits(hidden: teacher.data, head: models.teacher.language.head)
        ).loss
    }

    /// Every candidate at the end of a sequence of its own.
    private func naive(_ fixture: ModelFixture) throws -> Outcome {
        let models = (student: try fixture.student(), teacher: try fixture.teacher())
        let samples = candidates(fixture).map { sample, position, id in
            let source = fixture.batch.samples[sample]
            return AlignmentSample(
                id: source.id, inputIDs: source.inputIDs[..<position] + [id],
                labels: Array(repeating: -100, count: position + 1),
                instruction: [], visual: source.visual, image: source.image, key: 0)
        }
        let batch = AlignmentBatch(samples: samples, images: fixture.batch.images)
        func hidden(_ model: LlavaModel) throws -> Value {
            model.language.forward(
                try batch.embeddings(model), positions: batch.positions, layout: batch.layout
            ).hidden
        }
        let last = samples.indices.map { Int32(batch.starts[$0] + samples[$0].inputIDs.count - 1) }
        return Outcome(
            loss(try hidden(models.student), try hidden(models.teacher), last, models, fixture),
            models.student)
    }

    /// Trunk and candidates in one pass.
    private func ribbon(_ fixture: ModelFixture) throws -> Outcome {
        let models = (student: try fixture.student(), teacher: try fixture.teacher())
        let (batch, all) = (fixture.batch, candidates(fixture))
        let segments = batch.samples.indices.flatMap { sample in
            let own = all.indices.filter { all[$0].sample == sample }
            let trunk = batch.layout.segments[sample]
            guard let first = own.first else { return [trunk] }
            return [
                trunk,
                .init(
                    queries: batch.rows + first..<batch.rows + first + own.count, keys: trunk.keys,
                    visible: own.map { Int32(all[$0].position) }, seesItself: true),
            ]
        }
        func hidden(_ model: LlavaModel) throws -> Value {
            model.language.forward(
                concatenateRows([try batch.embeddings(model), model.language.embed(all.map(\.id))]),
                positions: batch.positions + all.map { Int32($0.position) }, layout: AttentionLayout(segments)
            ).hidden
        }
        let rows = all.indices.map { Int32(batch.rows + $0) }
        return Outcome(
            loss(try hidden(models.student), try hidden(models.teacher), rows, models, fixture),
            models.student)
    }

    private func branches(_ fixture: ModelFixture, recompute: Bool = false, oneByOne: Bool = false) throws
        -> Outcome
    {
        let student = try fixture.student()
        var objective = fixture.objective(LossTerms(tpa: 1))
        (objective.recompute, objective.candidates.oneByOne) = (recompute, oneByOne)
        let result = try AlignmentLoss(
            student: student, teacher: try fixture.teacher(), objective: objective)(
                fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates))
        #expect(result.branches.branches.count < result.branches.drawn, "nothing was merged")
        return Outcome(result.loss, student)
    }

    private func compare(_ a: Outcome, _ b: Outcome) {
        #expect(a.loss > 0 && abs(a.loss - b.loss) <= 1e-5 * a.loss)
        for (name, expected) in a.gradients where !expected.isEmpty {
            let (worst, largest) = difference(b.gradients[name] ?? [], expected)
            #expect(worst <= 2e-5 * largest + 1e-9, "\(name): off by \(worst) of \(largest)")
        }
    }

    @Test(arguments: Fixtures.cases("models")) func threeWaysAgreeInValueAndGradient(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let definition = try naive(fixture)
        compare(definition, try ribbon(fixture))
        compare(definition, try branches(fixture))
    }

    /// What `one_by_one` trains with is the same loss, in more passes: each candidate is a sequence.
    @Test(arguments: Fixtures.cases("models")) func candidatesOneByOneAreTheSameLoss(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        compare(try naive(fixture), try branches(fixture, oneByOne: true))
        func passes(oneByOne: Bool) throws -> ForwardPasses {
            var objective = fixture.objective(LossTerms(tpa: 1))
            objective.candidates.oneByOne = oneByOne
            let clock = StepClock()
            _ = try AlignmentLoss(
                student: fixture.student(), teacher: fixture.teacher(), objective: objective)(
                    fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates),
                    clock: clock)
            return clock.passes
        }
        let (parallel, single) = (try passes(oneByOne: false), try passes(oneByOne: true))
        #expect(single.studentSamples > 2 * parallel.studentSamples)
        #expect(single.teacherRows > parallel.teacherRows)
    }

    @Test(arguments: Fixtures.cases("models")) func recomputationChangesNothing(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let (kept, again) = (try branches(fixture), try branches(fixture, recompute: true))
        #expect(kept.loss == again.loss && kept.gradients == again.gradients)
    }

    @Test(arguments: Fixtures.cases("models")) func fourMicroBatchesAreOneBatch(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        func run(_ parts: [Range<Int>]) throws -> Outcome {
            let student = try fixture.student()
            let loss = AlignmentLoss(
                student: student, teacher: try fixture.teacher(),
                objective: fixture.objective(ModelFixture.all))
            var total = 0.0
            for part in parts {
                let batch = AlignmentBatch(
                    samples: Array(fixture.batch.samples[part]), images: fixture.batch.images)
                let result = try loss(
                    batch, totals: fixture.totals, candidates: .given(Array(fixture.candidates[part])))
                result.loss.backward()
                total += Double(result.loss.data.values[0])
            }
            return Outcome(Value(Tensor([Float(total)], shape: [1])), student)
        }
        compare(try run([0..<5]), try run([0..<1, 1..<2, 2..<3, 3..<5]))
    }

    @Test(arguments: Fixtures.cases("models")) func aBatchWithoutResponseHasLossZeroAndNoNaN(folder: URL)
        throws
    {
        let fixture = try ModelFixture(folder)
        let last = fixture.batch.samples[4]
        #expect(last.responsePositions.isEmpty)
        let batch = AlignmentBatch(samples: [last], images: fixture.batch.images)
        let result = try AlignmentLoss(
            student: try fixture.student(), teacher: try fixture.teacher(),
            objective: fixture.objective(ModelFixture.all))(
                batch, totals: StepTotals(supervisedTokens: 0, samples: 1),
                candidates: .given([fixture.candidates[4]]))
        #expect(result.terms.sft == 0 && result.terms.kd == 0 && result.terms.tpa == 0)
        #expect(result.terms.iva > 0 && result.loss.data.values[0].isFinite)
    }
}
