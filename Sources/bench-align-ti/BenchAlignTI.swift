import ArgumentParser
import Autograd
import Benchmarks
import Files
import Foundation
import Models
import Stage
import Tensors

/// What is timed, how often.
struct BenchRecipe: Recipe {
    /// Runs of each figure, interleaved; the median counts.
    var runs = 5
    /// Sequences that decode side by side; each is compared with the first.
    var slots = [1, 4, 16]
    var prompts = 64
    var promptTokens = 32
    /// Lengths of answers: a word or two as benchmarks want them, where reading the prompts is most of the work, and a sentence.
    var newTokens = [2, 32]
    /// Answers to score.
    var answers = 10_000

    enum CodingKeys: String, CodingKey {
        case runs, slots, prompts, answers
        case promptTokens = "prompt_tokens"
        case newTokens = "new_tokens"
    }

    func validate() throws {
        for (name, value) in [("runs", runs), ("prompts", prompts), ("prompt_tokens", promptTokens)] {
            try SettingProblem.require(value, name, in: 1...100_000)
        }
        try SettingProblem.require(answers, "answers", in: 1...10_000_000)
        for (name, list) in [("slots", slots), ("new_tokens", newTokens)] {
            guard let least = list.min(), least >= 1 else {
                throw SettingProblem(name, "must name at least one number from 1")
            }
        }
    }
}

struct BenchAlignTI: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "bench-align-ti",
        abstract: "Time decoding and scoring; every figure is a median of interleaved runs.",
        discussion:
            "Prints one JSON object a figure on stdout and a table on stderr. The ratios of one run are what counts.",
        example: "bench-align-ti --model runs/demo/align-ti --benchmark pope=runs/demo/world/benchmarks/pope")

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the checkpoint that decodes.") var model: String
    @Option(
        help:
            "name=folder of a benchmark whose questions are repeated until there are enough answers to score."
    ) var benchmark: String

    func run() throws {
        let recipe = try configuration.recipe(BenchRecipe.self)
        let language = try LlavaModel(folder: URL(fileURLWithPath: model)).language
        for newTokens in recipe.newTokens {
            let answering = try medians(
                recipe.runs,
                recipe.slots.map { slots in
                    { try decode(language, recipe, newTokens: newTokens, slots: slots) }
                })
            for (slots, seconds) in zip(recipe.slots, answering) {
                let facts: [String: JSONValue] = [
                    "slots": .int(slots), "new_tokens": .int(newTokens),
                    "answers_per_second": .number(Double(recipe.prompts) / seconds.median),
                    "ratio": .number(answering[0].median / seconds.median),
                ]
                show("answer", facts, seconds)
            }
        }
        let (scored, figures) = try scoring(recipe)
        show("score", ["benchmark": .string(benchmark), "answers": .int(scored)], figures)
    }

    private struct Seconds {
        let median, least, most: Double
    }

    /// Runs all bodies in turn, `runs` times after one that does not count.
    private func medians(_ runs: Int, _ bodies: [() throws -> Void]) throws -> [Seconds] {
        var seconds = bodies.map { _ in [Double]() }
        let clock = ContinuousClock()
        for run in 0...runs {
            for (index, body) in bodies.enumerated() {
                let start = clock.now
                try body()
                if run > 0 { seconds[index].append((clock.now - start) / .seconds(1)) }
            }
        }
        return seconds.map { list in
            let sorted = list.sorted()
            return Seconds(median: sorted[sorted.count / 2], least: sorted[0], most: sorted[sorted.count - 1])
        }
    }

    /// Continues prompts of random tokens to the full length, without stops, so that the work does not depend on the weights.
    private func decode(_ language: LanguageModel, _ recipe: BenchRecipe, newTokens: Int, slots: Int) throws {
        let settings = GenerationSettings(maximumNewTokens: newTokens, slots: slots)
        try language.generate(
            count: recipe.prompts, settings: settings,
            prompt: { number in
                var random = CounterRandom(UInt64(number))
                return language.embed(
                    (0..<recipe.promptTokens).map { _ in
                        Int32(random.next() % UInt64(language.vocabularySize))
                    })
            }, finished: { _, _ in })
    }

    /// Scores a benchmark's own questions, answered "yes", as often as the answers ask for.
    private func scoring(_ recipe: BenchRecipe) throws -> (answers: Int, seconds: Seconds) {
        let parts = benchmark.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw StageError.usage("--benchmark \(benchmark): expected name=folder")
        }
        let opened = try BenchmarkList.open(parts[0], folder: URL(fileURLWithPath: parts[1]), manifests: nil)
            .benchmark
        guard !opened.questions.isEmpty else {
            throw StageError.usage("--benchmark \(benchmark): the folder holds no questions")
        }
        let records = opened.questions.map { AnswerRecord(answering: $0, text: "yes", modelID: "bench") }
        let repeats = max(1, recipe.answers / records.count)
        let seconds = try medians(
            recipe.runs,
            [{ for _ in 0..<repeats { _ = try opened.score(AnswerFile(name: "bench", records: records)) } }])
        return (repeats * records.count, seconds[0])
    }

    private func show(_ name: String, _ facts: [String: JSONValue], _ seconds: Seconds) {
        var line = facts
        line["figure"] = .string(name)
        line["seconds"] = .number(seconds.median)
        line["least_seconds"] = .number(seconds.least)
        line["most_seconds"] = .number(seconds.most)
        print(JSONValue.object(JSONObject(line)).text())
        let details = facts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text())" }.joined(
            separator: "  ")
        StandardError.write(
            String(
                format: "%@: %.3f s (%.3f to %.3f)  %@", name, seconds.median, seconds.least, seconds.most,
                details))
    }
}
