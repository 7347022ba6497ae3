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

/// A state that is damaged is never gone on from: what is whole is, and the run ends in the same weights.
@Suite struct TrainingStateTests {
    private func trainer(_ dataset: ShardDataset, learning parts: TrainedWeights? = nil) throws -> Trainer {
        var settings = TrainingSettings()
        settings.trainable = parts ?? settings.trainable
        settings.weights = LossTerms(sft: 1)
        (settings.batchSize, settings.optimizer.learningRate, settings.steps) = (5, 1e-3, 6)
        settings.stateEvery = 2
        return try Trainer(
            student: try ModelFixture(tinyModel).student(), teacher: nil, cached: nil, dataset: dataset,
            settings: settings, plan: TeacherPlan(settings.objective(), cache: nil))
    }

    private func weights(_ trainer: Trainer) -> [[Float]] {
        trainer.student.parameters().map { $0.value.data.values }
    }

    /// Trains five of six steps, lets `damage` at the folder, and trains to the end.
    private func resume(
        _ dataset: ShardDataset, in folder: URL, damage: (URL) throws -> Void
    ) throws -> (weights: [[Float]], from: Int, setAside: [String]) {
        var done = 0
        let count = { (event: Trainer.Event) in if case .step = event { done += 1 } }
        _ = try trainer(dataset).run(in: folder, run: "r", stop: { done >= 5 }, report: count)
        try damage(folder)
        var (from, setAside) = (0, [String]())
        let second = try trainer(dataset)
        let watch = { (event: Trainer.Event) in
            switch event {
            case .resumed(let step): from = step
            case .setAside(let path, _): setAside.append(URL(fileURLWithPath: path).lastPathComponent)
            default: break
            }
        }
        _ = try second.run(in: folder, run: "r", report: watch)
        return (weights(second), from, setAside)
    }

    private func flip(_ file: URL, bit: Int) throws {
        var bytes = [UInt8](try Data(contentsOf: file))
        let place = bit % (bytes.count * 8)
        bytes[place / 8] ^= 1 << UInt8(place % 8)
        try AtomicOutput.writeAtomically(bytes, to: file)
    }

    @Test func anyFlippedBitOfAStateOrOfItsMetricsIsNoticed() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let straight = try trainer(dataset)
            _ = try straight.run(in: folder.appendingPathComponent("straight"), run: "r")
            let expected = weights(straight)
            // Places all over the file, its header among them.
            for (number, bit) in [3, 70, 801, 1203, 5_000, 123_457, 1_234_567].enumerated() {
                let found = try resume(dataset, in: folder.appendingPathComponent("s\(number)")) {
                    try flip($0.appendingPathComponent("state.safetensors"), bit: bit)
                }
                #expect(found.weights == expected && found.from == 4, "bit \(bit)")
                #expect(found.setAside == ["state.safetensors"], "bit \(bit)")
            }
            // The fifth line belongs to the newest state alone, the first to both.
            let late = try resume(dataset, in: folder.appendingPathComponent("late")) {
                let file = $0.appendingPathComponent("metrics.jsonl")
                let text = try String(contentsOf: file, encoding: .utf8)
                let end = text.count - 20
                try flip(file, bit: 8 * end)
            }
            #expect(late.weights == expected && late.from == 4)
            let early = try resume(dataset, in: folder.appendingPathComponent("early")) {
                try flip($0.appendingPathComponent("metrics.jsonl"), bit: 100)
            }
            #expect(early.weights == expected && early.from == 0)
            #expect(
                early.setAside == ["state.safetensors", "state-before.safetensors", "metrics.jsonl"])
            let lines = try MetricsFile.read(
                folder.appendingPathComponent("early").appendingPathComponent(MetricsFile.file))
            #expect(lines.steps.map(\.step) == Array(0..<6) && lines.problems.isEmpty)
        }
    }

    /// What learns is another part of the model, so that the state's tensors are others.
    @Test(arguments: [[.language], [.projector]] as [TrainedWeights])
    func theStateOfARunWithOtherTensorsIsRefusedAndKept(parts: TrainedWeights) throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let out = folder.appendingPathComponent("out")
            var done = 0
            _ = try trainer(dataset).run(
                in: out, run: "one", stop: { done >= 5 }, report: { if case .step = $0 { done += 1 } })
            let before = try FileManager.default.contentsOfDirectory(atPath: out.path).sorted()
            #expect(before == ["metrics.jsonl", "state-before.safetensors", "state.safetensors"])
            #expect { _ = try trainer(dataset, learning: parts).run(in: out, run: "two") } throws: {
                if case .otherRun? = $0 as? TrainingError { true } else { false }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: out.path).sorted() == before)
        }
    }

    /// A link to itself cannot be opened by anybody.
    @Test func aStateThatCannotBeReadIsNotDamaged() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let out = folder.appendingPathComponent("out")
            let state = out.appendingPathComponent("state.safetensors").path
            #expect {
                _ = try resume(dataset, in: out) { _ in
                    try FileManager.default.removeItem(atPath: state)
                    try FileManager.default.createSymbolicLink(atPath: state, withDestinationPath: state)
                }
            } throws: {
                if case .system? = $0 as? FilesError { true } else { false }
            }
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: state) == state)
        }
    }

    @Test func withoutTheNewestStateTheRunGoesOnFromTheOneBefore() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let found = try resume(dataset, in: folder.appendingPathComponent("a")) {
                try FileManager.default.removeItem(at: $0.appendingPathComponent("state.safetensors"))
            }
            #expect(found.from == 4 && found.setAside.isEmpty)
        }
    }
}
