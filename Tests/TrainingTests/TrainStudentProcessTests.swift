import AlignmentSupport
import Files
import Foundation
import Records
import TestSupport
import Testing

private let isBuilt = StageProcess("train-student") != nil && StageProcess("cache-teacher") != nil

/// train-student itself: what it refuses, what it goes on from, and what it keeps.
@Suite(.enabled(if: isBuilt, "the stages are not built beside the tests"))
struct TrainStudentProcessTests {
    private static let steps = 1000

    private func arguments(_ folder: URL, _ out: String, _ settings: [String]) -> [String] {
        let all =
            ["steps=\(Self.steps)", "batch_size=4", "optimizer.learning_rate=1e-3", "saliency_layer=1"]
            + settings
        return [
            "--model", tinyModel.appendingPathComponent("student").path, "--shards",
            folder.appendingPathComponent("shards").path, "--out", folder.appendingPathComponent(out).path,
        ] + all.flatMap { ["--set", $0] }
    }

    private static let sft = ["weights.iva=0", "weights.kd=0", "weights.tpa=0"]

    private func train(_ folder: URL, _ out: String, _ settings: [String], _ more: [String] = []) throws
        -> StageProcess.Outcome
    {
        let stage = try #require(StageProcess("train-student"))
        return try stage.run(arguments(folder, out, settings) + more)
    }

    /// Begins a training and kills it after some steps. (Not SIGTERM: what starts tests may have it blocked.)
    private func kill(_ folder: URL, _ out: String) throws {
        let process = Process()
        process.executableURL = try #require(StageProcess("train-student")).executable
        process.arguments = arguments(folder, out, Self.sft + ["state_every=5"])
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        let state = folder.appendingPathComponent("\(out)/state.safetensors").path
        while process.isRunning, !FileManager.default.fileExists(atPath: state) { usleep(2000) }
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try #require(process.terminationReason == .uncaughtSignal)
    }

    @Test func anotherSettingIsNamedAndOneThatCannotChangeTheWeightsGoesOnToTheSame() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            func model(_ out: String) throws -> String {
                try Digest.sha256(ofFile: folder.appendingPathComponent("\(out)/model.safetensors"))
            }
            #expect(try train(folder, "straight", Self.sft).status == 0)
            try kill(folder, "out")
            let refused = try train(folder, "out", Self.sft + ["optimizer.learning_rate=1e-4"])
            #expect(refused.status == 65)
            for part in [
                "setting optimizer.learning_rate was 0.001, is now 0.0001", "--force", "FORCE=1",
            ] { #expect(refused.errors.contains(part), "\(refused.errors)") }
            let free = ["state_every=7", "tensorboard=true", "skip_nonfinite=9", "mixed_teachers=true"]
            let finished = try train(folder, "out", Self.sft + free)
            #expect(finished.status == 0 && finished.errors.contains("going on after step"))
            #expect(try model("out") == model("straight"))
            let cards = try ["straight", "out"].map {
                try Digest.sha256(ofFile: folder.appendingPathComponent("\($0)/README.md"))
            }
            #expect(cards[0] == cards[1])
            let again = try train(folder, "out", Self.sft + ["state_every=8"])
            #expect(again.status == 0 && again.errors.contains("up to date"))
        }
    }

    @Test func beginningAnewKeepsTheUnfinishedRunAside() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let out = folder.appendingPathComponent("out")
            try kill(folder, "out")
            let begun = try ["state.safetensors", "state-before.safetensors", "metrics.jsonl"].filter {
                FileManager.default.fileExists(atPath: out.appendingPathComponent($0).path)
            }.map { ($0, try Digest.sha256(ofFile: out.appendingPathComponent($0))) }
            let anew = try train(
                folder, "out", Self.sft + ["optimizer.learning_rate=1e-4"], ["--force"])
            #expect(anew.status == 0 && anew.errors.contains("metrics.jsonl.earlier-1"))
            #expect(begun.count >= 2)
            for (name, digest) in begun {
                let kept = out.appendingPathComponent("\(name).earlier-1")
                #expect(try Digest.sha256(ofFile: kept) == digest, "\(name)")
            }
            let receipt = try #require(try Receipt.read(in: out))
            #expect(!receipt.outputs.contains { $0.path.contains("earlier") })
        }
    }

    /// The type is that of the file alone: the state is F32, and training goes on from it to the same.
    @Test func weightsAreWrittenInTheTypeOfTheRecipe() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            func file(_ out: String) throws -> SafeTensorsFile {
                try SafeTensorsFile(folder.appendingPathComponent("\(out)/model.safetensors"))
            }
            #expect(try train(folder, "plain", Self.sft).status == 0)
            let plain = try file("plain")
            let start = try SafeTensorsFile(tinyModel.appendingPathComponent("student/model.safetensors"))
            for entry in start.entries + plain.entries { #expect(entry.dtype == .float32) }
            #expect(try train(folder, "half", Self.sft + ["type=bf16"]).status == 0)
            let half = try file("half")
            for entry in half.entries {
                #expect(entry.dtype == .bfloat16)
                // Eight bits, rounded to nearest: within 2^-8 of the value.
                let pairs = try zip(half.floats(entry.name), plain.floats(entry.name))
                #expect(pairs.allSatisfy { abs($0 - $1) <= abs($1) / 256 + 1e-38 })
            }
            let receipt = try #require(try Receipt.read(in: folder.appendingPathComponent("half")))
            #expect(receipt.recipe["type"] == "bf16" && receipt.counts["type"] == "bf16")
            let config = try JSONValue(
                parsing: InputBytes.read(folder.appendingPathComponent("half/config.json")))
            #expect(config["torch_dtype"] == "bfloat16")
        }
    }

    @Test func oneStepOfWarmUpIsToldToLearnNothing() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let one = try train(folder, "one", Self.sft + ["steps=1"])
            #expect(one.status == 0 && one.errors.contains("schedule.warmup_ratio"), "\(one.errors)")
            let warm = try train(folder, "warm", Self.sft + ["steps=1", "schedule.warmup_ratio=0"])
            #expect(warm.status == 0 && !warm.errors.contains("warmup_ratio"), "\(warm.errors)")
        }
    }

    /// Weights may take minutes to read: here they are not there at all, and the shards are refused first.
    @Test func shardsThatDoNotSuitTheModelAreRefusedBeforeWeightsAreRead() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let model = folder.appendingPathComponent("model")
            try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
            let config = try String(
                contentsOf: tinyModel.appendingPathComponent("student/config.json"), encoding: .utf8)
            func refused(_ config: String, teacher: Bool) throws -> StageProcess.Outcome {
                try AtomicOutput.writeAtomically(config, to: model.appendingPathComponent("config.json"))
                let student = teacher ? tinyModel.appendingPathComponent("student") : model
                let stage = try #require(StageProcess("train-student"))
                return try stage.run(
                    [
                        "--model", student.path, "--shards", folder.appendingPathComponent("shards").path,
                        "--out", folder.appendingPathComponent("out").path, "--set", "saliency_layer=1",
                        "--teacher", (teacher ? model : tinyModel.appendingPathComponent("teacher")).path,
                    ])
            }
            let other = config.replacing(#/"image_size": *56/#, with: "\"image_size\": 28")
            try #require(other != config)
            for teacher in [false, true] {
                let found = try refused(other, teacher: teacher)
                #expect(
                    found.status == 65 && found.errors.contains("'image_processor.size' is 56, not 28")
                        && found.errors.contains("pack the data with --set 'image.size=28'"),
                    "\(found.errors)")
                // What suits them is only then found to have no weights.
                let missing = try refused(config, teacher: teacher)
                #expect(missing.errors.contains("model.safetensors"), "\(missing.errors)")
            }
        }
    }

    @Test func whatStandsInTheDataTwiceIsSaidAndKept() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let few = try tinyDataset(in: folder.appendingPathComponent("few"), samples: 7).sources[0].folder
            let settings = Self.sft + ["steps=2"]
            let found = try train(folder, "out", settings, ["--validation", "look=\(few.path)"])
            #expect(found.status == 0, "\(found.errors)")
            #expect(
                found.errors.contains(
                    "train-student: warning: what is held back is trained on: look: 7 of 7 samples are also"),
                "\(found.errors)")
            let out = folder.appendingPathComponent("out")
            let repeats = try RepeatsFile(out.appendingPathComponent(RepeatsFile.file))
            #expect(repeats.sources.map(\.name) == ["shards", "look"])
            let receipt = try #require(try Receipt.read(in: out))
            #expect(
                receipt.counts["repeats"]
                    == ["look": ["repeated": 0, "shared_samples": 7, "shared_pictures": 4]])
            // What is looked at is no input of the result.
            let without = try train(folder, "without", settings)
            let digest = try #require(
                try Receipt.read(in: folder.appendingPathComponent("without"))?.outputDigest)
            #expect(without.status == 0 && digest == receipt.outputDigest)
            #expect(!without.errors.contains("repeats"))
        }
    }

    @Test func aRateAboveTheBoundIsRefusedWithTheBound() throws {
        try withTemporaryFolder { folder in
            let found = try train(folder, "out", ["optimizer.learning_rate=10"])
            #expect(found.status == 64 && found.errors.contains("more than 0 and at most 1"))
        }
    }

    @Test func twoTeachersAreRefusedUnlessTheRecipeSaysSo() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let teacher = tinyModel.appendingPathComponent("teacher")
            let other = folder.appendingPathComponent("other")
            try FileManager.default.copyItem(at: teacher, to: other)
            let config = other.appendingPathComponent("config.json")
            try AtomicOutput.writeAtomically(
                try String(contentsOf: config, encoding: .utf8) + "\n", to: config)
            let (outputs, cache) = (
                folder.appendingPathComponent("outputs"), folder.appendingPathComponent("c")
            )
            let filled = try #require(StageProcess("cache-teacher")).run([
                "--teacher", teacher.path, "--shards", folder.appendingPathComponent("shards").path,
                "--cache", cache.path, "--out", outputs.path, "--set", "saliency_layer=1", "--set", "top_k=4",
                "--set", "common_vocabulary=272",
            ])
            #expect(filled.status == 0, "\(filled.errors)")
            func run(_ teacher: URL, _ out: String, _ settings: [String]) throws -> StageProcess.Outcome {
                try train(
                    folder, out, ["steps=1"] + settings,
                    ["--teacher", teacher.path, "--teacher-outputs", outputs.path, "--cache", cache.path])
            }
            let mixed = try run(other, "mixed", [])
            #expect(mixed.status == 65)
            for part in [other.path, "mixed_teachers: true", "run cache-teacher"] {
                #expect(mixed.errors.contains(part), "\(mixed.errors)")
            }
            for (teacher, settings) in [(teacher, []), (other, ["mixed_teachers=true"])] {
                let found = try run(teacher, "out", settings + ["seed=\(settings.count)"])
                #expect(found.status == 0, "\(found.errors)")
            }
        }
    }
}
