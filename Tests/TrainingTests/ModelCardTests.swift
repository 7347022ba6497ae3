import AlignmentSupport
import Files
import Foundation
import Models
import Records
import TestSupport
import Testing
import Training

@Suite struct ModelCardTests {
    private func card(in folder: URL, sources: [ModelCard.Source]) throws -> String {
        let dataset = try tinyDataset(in: folder)
        var settings = TrainingSettings()
        settings.weights = LossTerms(sft: 1, kd: 0.5)
        settings.batchSize = 4
        var totals = TrainingTotals([])
        (totals.samplesSeen, totals.tokens, totals.supervisedTokens) = (24, 700, 90)
        (totals.studentRows, totals.teacherRows) = (700, 650)
        let student = try LlavaModel(folder: tinyModel.appendingPathComponent("student"))
        let card = try ModelCard(
            student, settings, dataset: dataset, steps: 6, totals: totals, sources: sources)
        try card.write(into: folder)
        let written = try String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(written == card.text)
        return written
    }

    /// A finished stage's folder, as far as the card reads it.
    private func stage(_ stage: String, _ folder: URL, reading inputs: [(String, URL)]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Receipt(
            stage: stage, recipe: [:],
            inputs: inputs.map { Receipt.Input(name: $0.0, path: $0.1.path, sha256: "00") }, outputs: [],
            counts: [:], codeVersion: "v", blasCore: nil, threads: nil, wallSeconds: 1, cpuSeconds: 1,
            peakResidentBytes: 1
        ).write(in: folder)
    }

    @Test func theCardSaysWhatTheModelIsAndWhatItLearnt() throws {
        try withTemporaryFolder { folder in
            let text = try card(
                in: folder, sources: [("shards", "/a/shards/distill", "beef"), ("teacher", "/a/big", "cafe")])
            #expect(text.hasPrefix("---\nlibrary_name: transformers\npipeline_tag: image-text-to-text\n"))
            for part in [
                "license: unknown  # fill in", "tags:\n- align-ti\n---\n\n# LLaVA: Qwen2 that sees (siglip",
                "| language model | qwen2, ", "56 pixels, 16 visual tokens an image |",
                "| conversation | vicuna, answers end with \"<|endoftext|>\" |",
                "- Objective: 1.0 × SFT + 0.5 × KD.", "- Trained: projector, language.",
                "- Data: 12 samples; 24 seen in 6 steps of 4, 700 tokens, 90 of them learnt.",
                "- Rows through the student: 700; through the teacher: 650.",
                "| shards | `distill` | `beef` |\n| teacher | `big` | `cafe` |\n",
            ] { #expect(text.contains(part), "\(part)\n\(text)") }
            #expect(!text.contains("base_model"))
        }
    }

    /// start ← pretrained ← here; the tower is the teacher's, whose start had it of a published folder.
    @Test func baseModelsAreTheFoldersThatReceiptsLeadTo() throws {
        try withTemporaryFolder { folder in
            func place(_ name: String) -> URL { folder.appendingPathComponent(name) }
            let published = [place("clip-large"), place("qwen-half"), place("qwen-full")]
            for url in published {
                try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            }
            try stage(
                "assemble-model", place("teacher-start"),
                reading: [("vision", published[0]), ("language", published[2])])
            try stage("train-student", place("teacher"), reading: [("model", place("teacher-start"))])
            try stage(
                "assemble-model", place("start"),
                reading: [("vision", place("teacher")), ("language", published[1])])
            try stage(
                "train-student", place("pretrained"),
                reading: [("model", place("start")), ("shards", folder)])
            let text = try card(in: folder, sources: [("model", place("pretrained").path, "00")])
            let list = "base_model:  # folders; put their names on the hub here\n- \"qwen-half\"\n"
            #expect(text.contains(list + "- \"clip-large\"\n"), "\(text)")
        }
    }

    @Test func aFreshPartHasNoBase() throws {
        try withTemporaryFolder { folder in
            let start = folder.appendingPathComponent("start")
            try stage("assemble-model", start, reading: [("tokenizer", folder)])
            let text = try card(in: folder, sources: [("model", start.path, "00")])
            #expect(!text.contains("base_model"))
        }
    }
}
