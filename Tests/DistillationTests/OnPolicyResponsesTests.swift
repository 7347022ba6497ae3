import AlignmentSupport
import Autograd
import Distillation
import Foundation
import Models
import Records
import TestSupport
import Testing

/// GKD's responses of the student's own.
@Suite struct OnPolicyResponsesTests {
    private let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")
    private let common = 270

    private func responses(
        _ student: LlavaModel, _ fixture: ModelFixture, fraction: Double,
        weights: LossTerms = LossTerms(kd: 1),
        temperature: Double = 1
    ) -> OnPolicyResponses {
        var objective = fixture.objective(weights)
        objective.onPolicy = OnPolicyRule(fraction: fraction)
        (objective.onPolicy.maximumTokens, objective.onPolicy.temperature) = (7, temperature)
        return OnPolicyResponses(
            student: student, objective: objective, endOfSequenceIDs: [2], common: common)
    }

    private func runs(_ sample: AlignmentSample) -> [[Int32]] {
        var runs: [[Int32]] = []
        for (index, position) in sample.responsePositions.enumerated() {
            if index > 0, sample.responsePositions[index - 1] == position - 1 {
                runs[runs.count - 1].append(sample.labels[position])
            } else {
                runs.append([sample.labels[position]])
            }
        }
        return runs
    }

    @Test func everyTurnIsAnsweredAndTheInstructionsStay() throws {
        let fixture = try ModelFixture(folder)
        let student = try fixture.student()
        let (batch, count) = try responses(student, fixture, fraction: 1)(fixture.batch, seed: 3, step: 5)
        let answered = fixture.batch.samples.filter { !$0.responsePositions.isEmpty }
        #expect(count == answered.count && count >= 4 && batch.samples.count == fixture.batch.samples.count)
        for (old, new) in zip(fixture.batch.samples, batch.samples) {
            #expect(runs(old).count == runs(new).count && old.key == new.key)
            func instructions(_ sample: AlignmentSample) -> [Int32] {
                sample.inputIDs.indices.filter { sample.labels[$0] < 0 }.map { sample.inputIDs[$0] }
            }
            #expect(instructions(old) == instructions(new))
            #expect(
                old.instruction.map { old.inputIDs[Int($0)] } == new.instruction.map { new.inputIDs[Int($0)] }
            )
            #expect(new.visual == old.visual && new.image == old.image)  // the picture comes first
            guard !old.responsePositions.isEmpty else {
                #expect(new.inputIDs == old.inputIDs && new.terms == old.terms)
                continue
            }
            #expect(new.terms == LossTerms(kd: 1, tpa: 1))
            for response in runs(new) {
                #expect(response.last == 2 || response.count == 7)
                #expect(!response.dropLast().contains(2))
                #expect(response.allSatisfy { (0..<Int32(common)).contains($0) })
            }
        }
        #expect(runs(batch.samples[1]) != runs(fixture.batch.samples[1]))
        try batch.validate(for: student)
    }

    @Test func whatIsDrawnIsAFunctionOfSeedSampleAndStep() throws {
        let fixture = try ModelFixture(folder)
        let sampler = responses(try fixture.student(), fixture, fraction: 1)
        func ids(_ samples: [AlignmentSample], seed: UInt64 = 3, step: UInt64 = 5) throws -> [[Int32]] {
            let batch = AlignmentBatch(samples: samples, images: fixture.batch.images)
            return try sampler(batch, seed: seed, step: step).batch.samples.map(\.inputIDs)
        }
        let samples = fixture.batch.samples
        let all = try ids(samples)
        #expect(try ids(samples) == all)
        #expect(try ids(samples, step: 6) != all)
        #expect(try ids(samples, seed: 4) != all)
        #expect(try ids([samples[2]]) == [all[2]])  // not of what else is in the batch
    }

    /// At a temperature near 0 the student's most probable continuation, each turn after its own earlier
    /// answers.
    @Test func coldSamplingIsGreedyDecoding() throws {
        let fixture = try ModelFixture(folder)
        let student = try fixture.student()
        let batch = try responses(student, fixture, fraction: 1, temperature: 1e-4)(
            fixture.batch, seed: 3, step: 5
        ).batch
        let sample = batch.samples[2]  // text only, two turns
        #expect(sample.visual == nil && runs(sample).count == 2)
        var settings = GenerationSettings(maximumNewTokens: 7, endOfSequenceIDs: [2])
        settings.vocabulary = common
        for start in sample.responsePositions where sample.labels[start - 1] < 0 {
            let prompt = Array(sample.inputIDs[..<start])
            let answer = try student.language.generate([student.embed(ids: prompt)], settings: settings)[0]
                .ids
            #expect(Array(sample.inputIDs[start..<start + answer.count]) == answer)
        }
    }

    @Test func theGroundTruthStaysForSFTAndIVA() throws {
        let fixture = try ModelFixture(folder)
        let (student, teacher) = (try fixture.student(), try fixture.teacher())
        let weights = LossTerms(sft: 1, iva: 1, kd: 1)
        let (batch, count) = try responses(student, fixture, fraction: 1, weights: weights)(
            fixture.batch, seed: 3, step: 5)
        #expect(batch.samples.count == fixture.batch.samples.count + count)
        #expect(batch.supervisedTokens == fixture.batch.supervisedTokens)
        #expect(
            batch.distilledTokens
                == batch.samples.suffix(count).reduce(0) { $0 + $1.responsePositions.count })
        func terms(_ batch: AlignmentBatch) throws -> LossTerms {
            let totals = StepTotals(
                supervisedTokens: batch.supervisedTokens, distilledTokens: batch.distilledTokens, samples: 5)
            return try AlignmentLoss(
                student: student, teacher: teacher, objective: fixture.objective(weights))(
                    batch, totals: totals, candidates: .drawn(seed: 0, step: 0)
                ).terms
        }
        let (sampled, truth) = (try terms(batch), try terms(fixture.batch))
        #expect(abs(sampled.sft - truth.sft) < 1e-5 && abs(sampled.iva - truth.iva) < 1e-6)
        #expect(abs(sampled.kd - truth.kd) > 1e-4 && sampled.kd > 0)
    }

    @Test func theShareOfSampledResponsesIsTheFraction() throws {
        let fixture = try ModelFixture(folder)
        let student = try fixture.student()
        #expect(try responses(student, fixture, fraction: 0)(fixture.batch, seed: 1, step: 0).samples == 0)
        let sampler = responses(student, fixture, fraction: 0.3)
        let chosen = try (0..<200).reduce(0) {
            try $0
                + sampler(
                    AlignmentBatch(samples: [fixture.batch.samples[2]], images: .none), seed: 1,
                    step: UInt64($1)
                ).samples
        }
        #expect((40...80).contains(chosen))  // 60 in the mean, standard deviation 6.5
    }
}
