import AlignmentSupport
import Distillation
import Foundation
import Records
import Shards
import TestSupport
import Testing
import Training

@Suite struct TrainingPlanTests {
    private let model = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    private func trainer(_ dataset: ShardDataset) throws -> Trainer {
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (ModelFixture.all, 3, 1)
        (settings.batchSize, settings.epochs, settings.lanes, settings.seed) = (5, 1.5, 4, 9)
        (settings.trainable, settings.replicas, settings.type) = ([.projector], 2, .bf16)
        let fixture = try ModelFixture(model)
        return try Trainer(
            student: try fixture.student(), teacher: try fixture.teacher(), cached: nil, dataset: dataset,
            settings: settings, plan: TeacherPlan(settings.objective()))
    }

    @Test func whatItCountsIsWhatTheRunThenDoes() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let plan = try trainer(dataset).planned(looks: 2)
            let trainer = try trainer(dataset)
            let out = folder.appendingPathComponent("out")
            _ = try trainer.run(in: out, run: "r")
            let totals = try TrainingTotals(folder: out)
            #expect(plan.steps == 4 && plan.steps == trainer.steps)
            #expect(plan.samples == 18 && plan.samples == totals.samplesSeen)
            #expect(plan.tokens == totals.tokens)

            let all = trainer.student.parameters().reduce(0) { $0 + $1.value.count }
            let projector = trainer.student.parameters(of: [.projector]).reduce(0) { $0 + $1.value.count }
            #expect(plan.parameters == all && plan.trained == projector)
            #expect(plan.weightBytes == 2 * 4 * all && plan.checkpointBytes == 2 * all)
            #expect(plan.gradientBytes == 2 * 4 * projector && plan.momentBytes == 8 * projector)
            #expect(plan.stateBytes == 24 * projector && plan.exchangedBytes == 4 * projector)

            #expect(plan.measured == [1, 3] && plan.measuredSeconds.count == 2)
            let each = plan.measuredSeconds.reduce(0, +)
            let steps = try MetricsFile.read(out.appendingPathComponent("metrics.jsonl")).steps
            let measured = steps[1].tokens + steps[3].tokens
            #expect(abs(plan.seconds - each * Double(totals.tokens) / Double(measured)) < 1e-9)
        }
    }

    @Test func aStepWaitsForTheProcessWithTheMostLanes() {
        var plan = TrainingPlan()
        (plan.seconds, plan.lanes) = (100, 5)
        #expect([1, 2, 3, 5, 8].map { plan.seconds(processes: $0) } == [100, 60, 40, 20, 20])
    }

    @Test func nothingIsWrittenForIt() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
            _ = try trainer(dataset).planned(looks: 1)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
        }
    }
}
