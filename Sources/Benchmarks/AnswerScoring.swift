import Files
import Foundation

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
            let kind = type(of: benchmark)
            do {
                scores.append(
                    try ModelScores.score(benchmark, answers: answers, isOnly: benchmarks.count == 1))
            } catch {
                failures.append((kind.name, String(describing: error)))
            }
        }
        self.scores = scores
        self.failures = failures
    }

    private static func score(_ benchmark: any Benchmark, answers: URL, isOnly: Bool) throws -> BenchmarkScore
    {
        let name = type(of: benchmark).name
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
            return try benchmark.score(try AnswerFile(answers))
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
        return try benchmark.score(try AnswerFile(file))
    }

    /// The model's row; a benchmark that failed is undefined.
    public var row: ScoreTable.Row {
        var values: [String: Double?] = [:]
        for score in scores { values.updateValue(score.headline, forKey: score.benchmark) }
        for failure in failures { values.updateValue(nil, forKey: failure.benchmark) }
        return ScoreTable.Row(model: model, scores: values)
    }

    public var json: JSONValue {
        let results =
            scores.map { (name: $0.benchmark, value: $0.json) }
            + failures.map {
                (
                    name: $0.benchmark,
                    value: JSONValue.of(("headline", .null), ("error", .string($0.reason)))
                )
            }
        return .of(
            ("model", .string(model)), ("average", JSONValue(row.average)),
            ("benchmarks", .object(JSONObject(results))))
    }

    /// `scores.json`: every number of every model.
    public static func document(_ models: [ModelScores]) -> String {
        JSONValue.of(("format", .string("align-ti scores 1")), ("models", .array(models.map(\.json))))
            .encoded(indented: true) + "\n"
    }

    /// `items.jsonl`: how each question went, a line each, in the order of the questions; what paired tests
    /// need.
    public static func items(_ models: [ModelScores]) -> String {
        models.flatMap { model in
            model.scores.flatMap { score in
                score.items.map { item in
                    JSONValue.of(
                        ("model", .string(model.model)), ("benchmark", .string(score.benchmark)),
                        ("question", .string(item.id.description)), ("group", .string(item.group)),
                        ("credit", .number(item.credit))
                    ).encoded() + "\n"
                }
            }
        }.joined()
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
