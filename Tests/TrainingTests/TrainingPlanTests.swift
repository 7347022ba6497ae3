import AlignmentSupport
import Distillation
import Files
import Foundation
import Records
import Shards
import TestSupport
import Testing
import Training

@Suite struct TrainingPlanTests {
    private let model = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    private func trainer(_ dataset: ShardDataset, _ change: (inout TrainingSettings) -> Void = { _ in })
        throws -> Trainer
    {
        var settings = TrainingSettings()
        (settings.weights, settings.candidates.count, settings.saliencyLayer) = (ModelFixture.all, 3, 1)
        (settings.batchSize, settings.epochs, settings.lanes, settings.seed) = (5, 1.5, 4, 9)
        (settings.trainable, settings.replicas, settings.type) = ([.projector], 2, .bf16)
        change(&settings)
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
            #expect(plan.weightBytes == 4 * all && plan.mappedBytes == 0 && plan.checkpointBytes == 2 * all)
            #expect(plan.gradientBytes == 2 * 4 * projector && plan.momentBytes == 8 * projector)
            #expect(plan.stateBytes == 36 * projector && plan.exchangedBytes == 4 * projector)

            #expect(plan.checkpoints == 1 && plan.diskBytes == 2 * all + 36 * projector)

            #expect(plan.measured == [1, 3] && plan.measuredSeconds.count == 2)
            let each = plan.measuredSeconds.reduce(0, +)
            let steps = try MetricsFile.read(out.appendingPathComponent("metrics.jsonl")).steps
            let measured = steps[1].tokens + steps[3].tokens
            #expect(abs(plan.seconds - each * Double(totals.tokens) / Double(measured)) < 1e-9)
        }
    }

    /// Work and files of a run against its plan: within 15 %, files with what their headers take.
    @Test func workAndFilesAreAsPlanned() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let change: (inout TrainingSettings) -> Void = {
                ($0.trainable, $0.steps) = ([.projector, .language], 12)
            }
            let plan = try trainer(dataset, change).planned(looks: 4)
            let trainer = try trainer(dataset, change)
            let out = folder.appendingPathComponent("out")
            var stateBytes = 0
            _ = try trainer.run(
                in: out, run: "r",
                report: { event in
                    guard case .stateWritten = event else { return }
                    stateBytes = try Data(contentsOf: out.appendingPathComponent("state.safetensors")).count
                })
            let steps = try MetricsFile.read(out.appendingPathComponent("metrics.jsonl")).steps
            #expect(steps.count == 12 && plan.steps == 12)
            let work = steps.reduce(0) { $0 + trainer.work(of: $1) } / 12e12
            #expect(abs(plan.teraflop - work) < 0.15 * work, "\(plan.teraflop), \(work)")
            // One of the three that may be there at once.
            #expect(plan.stateBytes / 3 <= stateBytes && stateBytes * 100 < plan.stateBytes / 3 * 115)
            try trainer.student.write(into: out, type: .bf16, endOfSequenceIDs: [])
            let weights = try Data(contentsOf: out.appendingPathComponent("model.safetensors")).count
            #expect(plan.checkpointBytes <= weights && weights * 100 < plan.checkpointBytes * 115)
        }
    }

    @Test func aStepWaitsForTheProcessWithTheMostLanes() {
        var plan = TrainingPlan()
        (plan.seconds, plan.lanes) = (100, 5)
        #expect([1, 2, 3, 5, 8].map { plan.seconds(processes: $0) } == [100, 60, 40, 20, 20])
    }

    @Test func aDiskWithoutRoomIsSaidBeforeTheStart() throws {
        try withTemporaryFolder { folder in
            var plan = TrainingPlan()
            (plan.checkpoints, plan.checkpointBytes, plan.stateBytes) = (4, 1000, 500)
            #expect(plan.diskBytes == 4500)
            #expect(plan.diskNotice == "4 checkpoints and the states take up to 0 MiB of disk")
            try plan.requireDisk(of: folder)
            plan.stateBytes = 1 << 60
            let error = #expect(throws: TrainingError.self) { try plan.requireDisk(of: folder) }
            guard case .diskTooSmall(folder.path, let needed, let free)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(needed == 4000 + 1 << 60 && free < needed)
            #expect(error?.exitCode == ExitStatus.inputOutput)
        }
    }

    @Test func checkpointsOnTheWayAreCounted() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            func checkpoints(every: Int, keep: Int) throws -> Int {
                try trainer(dataset) {
                    ($0.checkpoint.every, $0.checkpoint.keep, $0.steps) = (every, keep, 10)
                }.counted.checkpoints
            }
            // The result, two that are kept, the best, and the one that is being written.
            #expect(try checkpoints(every: 1, keep: 2) == 5)
            #expect(try checkpoints(every: 6, keep: 2) == 3)
        }
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
