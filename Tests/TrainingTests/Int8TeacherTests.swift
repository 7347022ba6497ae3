import AlignmentSupport
import Files
import Foundation
import Tensors
import TestSupport
import Testing
import Training

private let canRun =
    Precision.int8.supported == .int8 && StageProcess("train-student") != nil
    && StageProcess("cache-teacher") != nil

/// A teacher in int8 as a user has one: cached, in the loop, refused.
@Suite struct Int8TeacherTests {
    @Test func nothingLearnsInInt8() throws {
        var settings = TrainingSettings()
        settings.teacherPrecision = .int8
        try settings.check()
        settings.precision = .int8
        #expect { try settings.check() } throws: { "\($0)".contains("teacher_precision may be int8") }
    }

    private func run(_ name: String, _ folder: URL, _ out: String, _ arguments: [String], _ set: [String])
        throws -> StageProcess.Outcome
    {
        let stage = try #require(StageProcess(name))
        return try stage.run(
            arguments + [
                "--teacher", tinyModel.appendingPathComponent("teacher").path, "--shards",
                folder.appendingPathComponent("shards").path, "--cache",
                folder.appendingPathComponent("cache").path, "--out", folder.appendingPathComponent(out).path,
            ] + set.flatMap { ["--set", $0] })
    }

    @Test(.enabled(if: canRun, "no int8 products (VNNI), or stages that are not built"))
    func itIsHeldToBF16BeforeItIsUsed() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let cached = ["precision=int8", "saliency_layer=1", "top_k=8", "common_vocabulary=272"]
            let strict = "int8.highest_divergence=1e-9"
            let refused = try run("cache-teacher", folder, "outputs", [], cached + [strict])
            #expect(refused.status == 65 && refused.errors.contains("int8.highest_divergence is 1e-09"))
            #expect(
                !FileManager.default.fileExists(atPath: folder.appendingPathComponent("cache/entries").path))
            let made = try run("cache-teacher", folder, "outputs", [], cached)
            #expect(made.status == 0 && made.errors.contains("int8 against bf16 over"), "\(made.errors)")
            let receipt = try String(
                contentsOf: folder.appendingPathComponent("outputs/receipt.json"), encoding: .utf8)
            for count in ["int8_kl", "int8_worst_kl", "int8_agreement", "int8_alpha_cosine"] {
                #expect(receipt.contains("\"\(count)\""), "\(count)")
            }

            let student = ["--model", tinyModel.appendingPathComponent("student").path]
            let loop = ["steps=2", "batch_size=2", "saliency_layer=1", "teacher_precision=int8"]
            let stopped = try run("train-student", folder, "stopped", student, loop + [strict])
            #expect(stopped.status == 65 && stopped.errors.contains("int8.highest_divergence"))
            let learnt = try run("train-student", folder, "learnt", student, loop)
            #expect(learnt.status == 0 && learnt.errors.contains("teacher int8"), "\(learnt.errors)")
            let outputs = ["--teacher-outputs", folder.appendingPathComponent("outputs").path]
            let served = try run(
                "train-student", folder, "served", student + outputs,
                ["steps=2", "batch_size=2", "weights.tpa=0"])
            #expect(served.status == 0, "\(served.errors)")
        }
    }
}
