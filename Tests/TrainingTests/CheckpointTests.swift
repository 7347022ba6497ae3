import AlignmentSupport
import Files
import Foundation
import Models
import Records
import TestSupport
import Testing

/// The checkpoints that train-student leaves on its way.
@Suite(.enabled(if: StageProcess("train-student") != nil, "the stages are not built beside the tests"))
struct CheckpointTests {
    private func train(_ folder: URL, _ out: String, _ settings: [String], _ more: [String] = []) throws
        -> StageProcess.Outcome
    {
        let all =
            [
                "steps=12", "batch_size=4", "optimizer.learning_rate=1e-3", "weights.iva=0", "weights.kd=0",
                "weights.tpa=0", "validation.every=2", "validation.samples=8",
            ] + settings
        return try #require(StageProcess("train-student")).run(
            [
                "--model", tinyModel.appendingPathComponent("student").path, "--shards",
                folder.appendingPathComponent("shards").path, "--out",
                folder.appendingPathComponent(out).path,
            ] + more + all.flatMap { ["--set", $0] })
    }

    private func names(_ folder: URL, _ out: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("\(out)/checkpoints").path
        ).sorted()
    }

    private func weights(_ folder: URL, _ path: String) throws -> String {
        try Digest.sha256(ofFile: folder.appendingPathComponent("\(path)/model.safetensors"))
    }

    @Test func everyCheckpointIsAWholeModelOfItsStepAndOldOnesGo() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let stage = try train(folder, "out", ["checkpoint.every=3", "checkpoint.keep=2"])
            #expect(stage.status == 0, "\(stage.errors)")
            #expect(try names(folder, "out") == ["step-000009", "step-000012"])
            #expect(
                try weights(folder, "out/checkpoints/step-000012") == weights(folder, "out")
                    && weights(folder, "out/checkpoints/step-000009") != weights(folder, "out"))
            let checkpoint = folder.appendingPathComponent("out/checkpoints/step-000009")
            _ = try LlavaModel(folder: checkpoint)
            let receipt = try #require(try Receipt.read(in: checkpoint))
            #expect(receipt.counts["steps"] == 9 && receipt.lostOutputs(in: checkpoint).isEmpty)
            // Those of the run itself are no part of its result.
            let whole = try #require(try Receipt.read(in: folder.appendingPathComponent("out")))
            #expect(!whole.outputs.contains { $0.path.hasPrefix("checkpoints/") })
            let plain = try train(folder, "plain", [])
            #expect(plain.status == 0)
            #expect(try weights(folder, "plain") == weights(folder, "out"))
        }
    }

    @Test func theResultIsTheBestCheckpointWhereTheRecipeSaysSo() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let shards = folder.appendingPathComponent("shards").path
            // A rate at which it soon gets worse.
            let stage = try train(
                folder, "out",
                ["checkpoint.best=true", "optimizer.learning_rate=0.05", "schedule.warmup_ratio=0"],
                ["--validation", shards])
            #expect(stage.status == 0, "\(stage.errors)")
            let looks = try ValidationFile.read(
                folder.appendingPathComponent("out/\(ValidationFile.file)"))
            let best = try #require(looks.best)
            #expect(looks.count == 7)
            let name = "step-\(String(repeating: "0", count: 6 - "\(best.steps)".count))\(best.steps)"
            #expect(try names(folder, "out").contains(name))
            #expect(try weights(folder, "out") == weights(folder, "out/checkpoints/\(name)"))
            let receipt = try #require(try Receipt.read(in: folder.appendingPathComponent("out")))
            #expect(receipt.counts["best_steps"] == .int(best.steps))
            #expect(receipt.inputs.contains { $0.name == "validation" })
        }
    }

    @Test func aRunThatOnlyGetsWorseEndsAsItBegan() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let stage = try train(
                folder, "out",
                [
                    "checkpoint.best=true", "optimizer.learning_rate=1", "optimizer.clip=0",
                    "schedule.warmup_ratio=0", "skip_nonfinite=100",
                ],
                ["--validation", folder.appendingPathComponent("shards").path])
            #expect(stage.status == 0, "\(stage.errors)")
            let receipt = try #require(try Receipt.read(in: folder.appendingPathComponent("out")))
            #expect(receipt.counts["best_steps"] == 0)
            #expect(try weights(folder, "out") == weights(folder, "out/checkpoints/step-000000"))
        }
    }

    /// The state that said how far it was is damaged, so what stands there is of nobody's steps.
    @Test func checkpointsOfARunThatBeginsAnewAreMadeAnew() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let settings = ["checkpoint.every=6", "checkpoint.keep=5", "state_every=2"]
            #expect(try train(folder, "out", settings).status == 0)
            let expected = try weights(folder, "out/checkpoints/step-000006")
            let out = folder.appendingPathComponent("out")
            try FileManager.default.removeItem(at: out.appendingPathComponent("receipt.json"))
            try AtomicOutput.writeAtomically("train-student", to: out.appendingPathComponent(".owner"))
            try AtomicOutput.writeAtomically(
                "of another run", to: out.appendingPathComponent("checkpoints/step-000006/model.safetensors"))
            try SafeTensorsWriter(metadata: ["format_version": "3", "step": "6"]).write(
                to: out.appendingPathComponent("state.safetensors"))
            let again = try train(folder, "out", settings)
            #expect(again.status == 0 && again.errors.contains("set aside"), "\(again.errors)")
            #expect(try names(folder, "out") == ["step-000006", "step-000012"])
            #expect(try weights(folder, "out/checkpoints/step-000006") == expected)
        }
    }

    @Test func theBestCheckpointNeedsHeldBackSamples() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let stage = try train(folder, "out", ["checkpoint.best=true"])
            #expect(stage.status == 64 && stage.errors.contains("checkpoint.best needs --validation"))
        }
    }
}
