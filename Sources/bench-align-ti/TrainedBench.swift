import Benchmarks
import Files
import Foundation
import Measuring
import Models
import Stage
import Tensors

/// Figures of a finished pipeline: how fast its model answers, how fast answers are scored.
enum TrainedBench {
    private static let (prompts, promptTokens, answers) = (64, 32, 10_000)

    /// Continues prompts of random tokens to the full length, without stops, so that the work does not depend on the weights.
    static func answering(_ folder: String, repeats: Int) throws -> [Figure] {
        let language = try LlavaModel(folder: URL(fileURLWithPath: folder)).language
        return try [2, 32].flatMap { newTokens in
            var first: Double?
            return try [1, 4, 16].map { slots in
                let settings = GenerationSettings(maximumNewTokens: newTokens, slots: slots)
                let runs = try Runs(warmup: 1, repeats: repeats) {
                    try language.generate(
                        count: prompts, settings: settings,
                        prompt: { number in
                            var random = CounterRandom(UInt64(number))
                            return language.embed(
                                (0..<promptTokens).map { _ in
                                    Int32(random.next() % UInt64(language.vocabularySize))
                                })
                        }, finished: { _, _ in })
                }
                let seconds = runs.spread.median
                first = first ?? seconds
                return Figure(
                    "answer_\(newTokens)_b\(slots)", runs,
                    facts: [
                        "answers_per_second": .rounded(Double(prompts) / seconds), "slots": .int(slots),
                        "new_tokens": .int(newTokens),
                        "times_one_slot": .rounded((first ?? seconds) / seconds),
                    ])
            }
        }
    }

    /// Scores a benchmark's own questions, answered "yes", as often as there are answers to score.
    static func scoring(_ benchmark: String, repeats: Int) throws -> [Figure] {
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
        let rounds = max(1, answers / records.count)
        let runs = try Runs(warmup: 1, repeats: repeats) {
            for _ in 0..<rounds { _ = try opened.score(AnswerFile(name: "bench", records: records)) }
        }
        return [
            Figure(
                "score", runs,
                facts: [
                    "answers_per_second": .rounded(Double(rounds * records.count) / runs.spread.median),
                    "benchmark": .string(parts[0]), "answers": .int(rounds * records.count),
                ])
        ]
    }
}
