import Benchmarks
import Files
import Foundation
import Measuring
import Stage

/// How fast a benchmark's answers are scored.
enum ScoringBench {
    private static let answers = 10_000

    /// Scores a benchmark's own questions, answered "yes", as often as there are answers to score.
    static func scoring(_ benchmark: NamedFolder, repeats: Int) throws -> [Figure] {
        let opened = try BenchmarkList.open(benchmark.name, at: benchmark.url)
        guard !opened.questions.isEmpty else {
            throw BenchmarkError.noQuestions(folder: benchmark.url.path, notices: opened.notices)
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
                    "benchmark": .string(benchmark.name), "answers": .int(rounds * records.count),
                ])
        ]
    }
}
