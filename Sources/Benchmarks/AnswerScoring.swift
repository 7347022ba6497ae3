import Foundation
import Records

/// One model's answers to several benchmarks, scored.
public struct ModelScores: Sendable {
    public let model: String
    public let scores: [BenchmarkScore]
    /// Benchmarks whose answers cannot be scored, and why.
    public let failures: [(benchmark: String, reason: String)]

    /// Scores what `answers` holds: a folder with `<benchmark>.jsonl` for each of `benchmarks` (for MME also
    /// a folder `mme` of the official `<subtask>.txt`), or one answer file where there is one benchmark.
    public init(model: String, answers: URL, benchmarks: [any Benchmark]) {
        self.model = model
        var scores: [BenchmarkScore] = []
        var failures: [(benchmark: String, reason: String)] = []
        for benchmark in benchmarks {
            do {
                scores.append(
                    try ModelScores.score(benchmark, answers: answers, isOnly: benchmarks.count == 1))
            } catch {
                failures.append((benchmark.name, String(describing: error)))
            }
        }
        self.scores = scores
        self.failures = failures
    }

    private static func score(_ benchmark: any Benchmark, answers: URL, isOnly: Bool) throws -> BenchmarkScore
    {
        let name = benchmark.name
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: answers.path, isDirectory: &isFolder) else {
            throw BenchmarkError.unreadable(file: answers.path, reason: "no such file or folder")
        }
        if !isFolder.boolValue {
            guard isOnly else {
                throw BenchmarkError.unreadable(
                    file: answers.path,
                    reason: "one answer file serves one benchmark; give a folder of <benchmark>.jsonl")
            }
            return try asked(benchmark, AnswerFile(answers))
        }
        let file = answers.file("\(name).jsonl")
        if !file.exists, benchmark is MME {
            for folder in [answers.file("mme"), answers] where folder.file("existence.txt").exists {
                return try MMEScorer.score(officialFolder: folder)
            }
        }
        guard file.exists else {
            throw BenchmarkError.unreadable(
                file: file.path, reason: "no such file; it should hold the answers to \(name)")
        }
        return try asked(benchmark, AnswerFile(file))
    }

    private static func asked(_ benchmark: any Benchmark, _ answers: AnswerFile) throws -> BenchmarkScore {
        let prompts = AskedPrompts(answers, of: benchmark.questions)
        try prompts.require(answers.name)
        var score = try benchmark.score(answers)
        score.notices += prompts.notices
        return score
    }

    /// The model's row; a benchmark that failed is undefined.
    public var row: ScoreTable.Row {
        var values: [String: Double?] = [:]
        for score in scores { values.updateValue(score.headline, forKey: score.benchmark) }
        for failure in failures { values.updateValue(nil, forKey: failure.benchmark) }
        return ScoreTable.Row(model: model, scores: values)
    }

    /// The scores as `scores.json` keeps them.
    public var record: ScoresFile.Model {
        ScoresFile.Model(
            model: model, average: row.average,
            benchmarks: scores.map { ($0.benchmark, $0.record) }
                + failures.map {
                    ($0.benchmark, ScoresFile.Score(headline: nil, rest: ["error": .string($0.reason)]))
                })
    }

    /// How each question went, in the order of the questions, as `items.jsonl` keeps it.
    public var items: [ItemRecord] {
        scores.flatMap { score in
            score.items.map {
                ItemRecord(
                    model: model, benchmark: score.benchmark, question: $0.id.description, group: $0.group,
                    credit: $0.credit)
            }
        }
    }

    /// How each answer was read and judged, one line each.
    public var explanations: [String] {
        scores.flatMap { score in score.items.map { "\(model) \(score.benchmark) \($0.explanation)" } }
    }

    /// What must not pass unseen, one line each.
    public var notices: [String] {
        failures.map { "\(model): \($0.benchmark): \($0.reason)" }
            + scores.flatMap { score in score.notices.map { "\(model): \(score.benchmark): \($0)" } }
    }
}
