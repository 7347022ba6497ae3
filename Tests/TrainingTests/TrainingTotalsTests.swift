import AlignmentSupport
import Distillation
import Files
import Foundation
import Models
import Records
import Shards
import TestSupport
import Testing
import Training

@Suite struct TrainingTotalsTests {
    private let fixture = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    /// Trains some steps and returns what they cost; `stops` ends the run after each of these steps and
    /// resumes it.
    private func totals(
        _ weights: LossTerms, steps: Int = 4, recompute: Bool = false, replicas: Int = 1, stops: [Int] = []
    ) throws -> TrainingTotals {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            var settings = TrainingSettings()
            (settings.weights, settings.candidates.count, settings.saliencyLayer) = (weights, 3, 1)
            (settings.batchSize, settings.optimizer.learningRate, settings.recompute) = (6, 1e-3, recompute)
            (settings.steps, settings.microBatchRows) = (steps, 120)
            (settings.seed, settings.replicas) = (9, replicas)
            let out = folder.appendingPathComponent("out")
            for stop in stops + [steps] {
                let model = try ModelFixture(fixture)
                let trainer = try Trainer(
                    student: try model.student(), teacher: weights.needsTeacher ? try model.teacher() : nil,
                    cached: nil, dataset: dataset, settings: settings, plan: TeacherPlan(settings.objective())
                )
                var last = -1
                _ = try trainer.run(
                    in: out, run: "r", stop: { last + 1 >= stop },
                    report: { if case .step(let line) = $0 { last = line.step } })
            }
            return try TrainingTotals(folder: out)
        }
    }

    @Test func sftIsOneStudentPassASampleAndNoTeacher() throws {
        let totals = try totals(LossTerms(sft: 1))
        #expect(totals.samplesSeen == 24)
        #expect(totals.studentPasses == 24 && totals.studentRows == totals.tokens)
        #expect(totals.teacherPasses == 0 && totals.teacherRows == 0)
    }

    @Test func kdInTheLoopIsOnePassOfEach() throws {
        let totals = try totals(LossTerms(sft: 1, kd: 1), replicas: 2)
        #expect(totals.studentPasses == 24 && totals.teacherPasses == 24)
        #expect(totals.teacherRows == totals.tokens)
    }

    /// TPA runs the candidates as a second pass of both models: fewer rows than d a token, since equal ones
    /// are run once.
    @Test func tpaAddsAPassOfTheCandidatesThatAreRun() throws {
        let totals = try totals(LossTerms(tpa: 1))
        #expect(totals.studentPasses == 48 && totals.teacherPasses == 48)
        let branches = totals.studentRows - totals.tokens
        #expect(totals.teacherRows == totals.studentRows)
        #expect(branches > totals.supervisedTokens && branches <= 3 * totals.supervisedTokens)
    }

    @Test func recomputingIsAnotherPassOfTheStudent() throws {
        let totals = try totals(LossTerms(sft: 1), recompute: true)
        #expect(totals.studentPasses == 48 && totals.studentRows == 2 * totals.tokens)
    }

    @Test func aResumedRunCountsAllItsSteps() throws {
        let (straight, resumed) = (try totals(ModelFixture.all), try totals(ModelFixture.all, stops: [1, 3]))
        #expect(resumed.samplesSeen == straight.samplesSeen && resumed.tokens == straight.tokens)
        #expect(resumed.studentRows == straight.studentRows && resumed.teacherRows == straight.teacherRows)
        #expect(resumed.trainingSeconds > 0 && resumed.residentBytes > 0)
    }
}
