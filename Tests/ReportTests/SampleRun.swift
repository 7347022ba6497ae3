import Files
import Foundation
import Images
import Records
import Settings
import Stage
import TestSupport
import Text

/// A small run as the stages leave it: two models (the golden teacher twice) with answers to four questions
/// about two images.
struct SampleRun {
    let folder: URL
    static let hostile = "\"><img src=x onerror=alert(1)> </script> & '\u{338} ü"

    struct Settings: Recipe {
        var template = "vicuna"
        var system = ""
        var title = "A sample"
        var weights = ["sft": 1.0]
    }

    /// The model whose answers were cut off at the most tokens it may write.
    private let running: String?

    init(in folder: URL, running: String? = nil) throws {
        (self.folder, self.running) = (folder, running)
        try world()
        for name in ["teacher", "sft"] { try model(name) }
        try outputs()
        for name in ["teacher", "sft"] { try answers("answers/\(name)", of: name) }
        try scores()
    }

    func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    /// A finished result of a stage.
    func stage(
        _ stage: String, _ name: String, _ inputs: [StageInput], counts: JSONValue = [:],
        recipe: any Recipe = Settings(), _ make: (URL) throws -> Void
    )
        throws
    {
        let run = try StageRun(
            stage, recipe: recipe, inputs: inputs, output: url(name),
            options: ConfigurationOptions.parse([])
        ) { _ in }
        try run.begin()
        try make(url(name))
        try run.finish(counts: counts, volatile: ["metrics.jsonl"])
    }

    private func world() throws {
        try stage("make-world", "world", []) { world in
            for (index, colour) in [(200, 30, 30), (20, 180, 60)].enumerated() {
                let image = RGBImage(
                    width: 60, height: 40, colour: (UInt8(colour.0), UInt8(colour.1), UInt8(colour.2)))
                try AtomicOutput.writeAtomically(
                    image.pngBytes(), to: world.appendingPathComponent("groceries/images/\(index).png"))
            }
            let questions = ["red apple", "green apple", "\(Self.hostile) apple", "pear"].enumerated().map {
                JSONValue.object([
                    "question_id": .int($0), "image": .string("images/\($0 / 3).png"),
                    "text": .string("Is there a \($1)?"), "label": $0 % 2 == 0 ? "yes" : "no",
                ]).text(.line) + "\n"
            }
            try AtomicOutput.writeAtomically(
                questions.joined(), to: world.appendingPathComponent("groceries/test_yesno.jsonl"))
        }
    }

    func model(_ name: String) throws {
        let golden = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip/teacher")
        try stage("train-student", name, [StageInput("model", golden)]) { model in
            for file in try FolderListing.files(below: golden) {
                try AtomicOutput.writeAtomically(
                    [UInt8](try Data(contentsOf: golden.appendingPathComponent(file))),
                    to: model.appendingPathComponent(file))
            }
            // The two must differ in their digests.
            try AtomicOutput.writeAtomically(name, to: model.appendingPathComponent("name.txt"))
            let tokenizer = try BPETrainer(vocabularySize: 268, specialTokens: ["<|endoftext|>", "<image>"])
                .train(on: ["red green blue apple", "Is there a pear?", "USER ASSISTANT"])
            try AtomicOutput.writeAtomically(tokenizer, to: model.appendingPathComponent("tokenizer.json"))
            let metrics = try MetricsFile(model.appendingPathComponent(MetricsFile.file), keeping: 0)
            for number in 0..<100 {
                var step = StepMetrics()
                (step.step, step.loss, step.terms.sft) = (number, Double(100 - number), Double(99 - number))
                step.terms.tpa = name == "sft" ? 0 : 0.5
                try metrics.append(step)
            }
            try JSONLinesWriter(appendingTo: model.appendingPathComponent(MetricsFile.file)).append(
                "not json")
        }
    }

    private func outputs() throws {
        try stage(
            "cache-teacher", "teacher-outputs", [StageInput("teacher", url("teacher"))],
            counts: [
                "entries": 24, "reused": 20, "computed": 4, "shared": 0, "positions": 1_234_567,
                "bytes": 5_000_000,
            ]
        ) { outputs in
            let index: JSONValue = [
                "version": 2, "teacher": "t", "shards": "s", "complete": true, "entries": [],
                "settings": [
                    "encoding": "top_k", "top_k": 4, "samples": 64, "seed": 0, "common_vocabulary": 268,
                    "saliency_layer": 1, "saliency_mass": 1,
                ],
                "relevance": [
                    "pairs": 64, "scores": [0.125, 0.75, 0.5], "standard_errors": [0.01, 0.02, 0.03],
                ],
            ]
            try AtomicOutput.writeAtomically(index.text(), to: outputs.appendingPathComponent("index.json"))
        }
    }

    func answers(_ name: String, of model: String, benchmark: String = "world/groceries") throws {
        let texts = model == "teacher" ? ["yes", "no", "yes", "yes"] : ["no", Self.hostile, "yes", "no"]
        try stage(
            "answer-benchmarks", name,
            [
                StageInput("model", url(model)),
                StageInput("benchmark groceries-yesno", url(benchmark)),
            ]
        ) { answers in
            let lines = texts.enumerated().map {
                JSONValue.object([
                    "question_id": .int($0), "prompt": "p", "text": .string($1),
                    "metadata": running == model ? ["ended": "length"] : [:],
                ]).text(.line) + "\n"
            }
            try AtomicOutput.writeAtomically(
                lines.joined(), to: answers.appendingPathComponent("groceries-yesno.jsonl"))
        }
    }

    private func scores() throws {
        let questions = url("world/groceries/test_yesno.jsonl")
        let digest = Digest.sha256(ofFiles: [("test_yesno.jsonl", try Digest.sha256(ofFile: questions))])
        try stage(
            "score-benchmarks", "scores",
            [
                StageInput("benchmark groceries-yesno", url("world/groceries"), digest: digest),
                StageInput("answers of teacher", url("answers/teacher")),
                StageInput("answers of sft", url("answers/sft")),
            ]
        ) { scores in
            let models = [("teacher", 83.25), ("sft", 50)].map { model, headline in
                let score = ScoresFile.Score(headline: headline, rest: [:])
                return ScoresFile.Model(
                    model: model, average: nil, benchmarks: [("groceries-yesno", score)])
            }
            try AtomicOutput.writeAtomically(
                ScoresFile(models: models).text, to: scores.appendingPathComponent(ScoresFile.file))
        }
    }
}
