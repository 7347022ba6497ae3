import Benchmarks
import Files
import Foundation
import Measuring
import Stage

/// How fast a benchmark's answers are scored.
enum ScoringBench {
    private static let answers = 10_000

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
