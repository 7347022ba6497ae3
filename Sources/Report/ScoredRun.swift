import Benchmarks
import Files
import Foundation
import Records
import Stage

/// The models of the score table with their answers, and the benchmarks they were asked: opened again from
/// where the receipts say.
struct ScoredRun {
    struct Model {
        let name: String
        /// The folder of its answers.
        let answers: RunResult
        /// The checkpoint that gave them; nil where it is gone.
        let checkpoint: RunResult?
        /// Whether it is a row of a comparison, not one of the score table.
        var isRow = false
    }

    let models: [Model]
    let benchmarks: [any Benchmark]
    /// Sentences about what could not be opened, and why.
    let problems: [String]

    /// What stands for the benchmarks as they are now, and for what cannot be opened.
    var state: [String] { problems + benchmarks.map(\.name) }

    private init(models: [Model], benchmarks: [any Benchmark], problems: [String]) {
        (self.models, self.benchmarks, self.problems) = (models, benchmarks, problems)
    }

    init(_ run: RunFolder) throws {
        var (models, benchmarks, problems) = ([Model](), [any Benchmark](), [String]())
        let scores = run.scores
        for input in scores?.receipt.inputs ?? [] {
            if let name = input.name.dropping(prefix: "answers of ") {
                guard let answers = run.source(of: input) else {
                    problems.append("The answers of \(name) are not in this run any more.")
                    continue
                }
                let checkpoint = answers.input("model").flatMap { run.source(of: $0) }
                models.append(Model(name: name, answers: answers, checkpoint: checkpoint))
            } else if let name = input.name.dropping(prefix: "benchmark ") {
                guard let folder = run.locate(input) else {
                    problems.append("The benchmark \(name) is not at \(input.path) any more.")
                    continue
                }
                do {
                    // Its images are part of a finished folder, where it was made here.
                    try StageInput(name, folder, digest: input.sha256).verify()
                    let benchmark = try BenchmarkList.open(name, at: folder)
                    if try benchmark.digest() != input.sha256 {
                        problems.append(
                            "The benchmark \(name) changed after it was scored; it is left out here.")
                    } else {
                        benchmarks.append(benchmark)
                    }
                } catch {
                    try refuseDiskFailure(error)
                    problems.append("The benchmark \(name) cannot be opened: \(error)")
                }
            }
        }
        (self.models, self.benchmarks, self.problems) = (models, benchmarks, problems)
    }

    /// The models and the first seed of these rows of comparisons, as far as the run has them and they
    /// answered the same benchmarks.
    func adding(_ rows: [String], of run: RunFolder) -> ScoredRun {
        let answers = run.made(by: "answer-benchmarks")
        let added = rows.compactMap { row -> Model? in
            let seeds = answers.compactMap { result in
                result.repetition.flatMap {
                    $0.row.split(separator: "/").last.map(String.init) == row ? ($0.seed, result) : nil
                }
            }
            guard let (seed, result) = seeds.min(by: { $0.0 < $1.0 }),
                models.allSatisfy({ Self.asked($0.answers) == Self.asked(result) })
            else { return nil }
            return Model(
                name: "\(row), seed \(seed)", answers: result,
                checkpoint: result.input("model").flatMap { run.source(of: $0) }, isRow: true)
        }
        return ScoredRun(models: models + added, benchmarks: benchmarks, problems: problems)
    }

    /// Digests of the benchmarks that answers were given to.
    private static func asked(_ answers: RunResult) -> Set<String> {
        Set(answers.receipt.inputs.filter { $0.name.hasPrefix("benchmark ") }.map(\.sha256))
    }

    /// Every question of a benchmark with each model's judged answer; nil where the models were not asked the
    /// same.
    func judged(_ benchmark: any Benchmark) throws -> [JudgedQuestion]? {
        let name = benchmark.name
        let items = try models.map { model in
            try Self.keyed(benchmark.score(AnswerFile(model.answers.file("\(name).jsonl"))).items)
        }
        guard let first = items.first else { return nil }
        var seen: [ExactKey: Int] = [:]
        return benchmark.questions.compactMap { question in
            let key = Self.key(question.id, &seen)
            let answers = items.compactMap { $0[ExactKey(key)] }
            guard answers.count == models.count, let gold = first[ExactKey(key)]?.gold else { return nil }
            return JudgedQuestion(benchmark: name, key: key, question: question, gold: gold, answers: answers)
        }
    }

    /// An id and how often it came before: TextVQA's and MME's ids repeat, in one order everywhere.
    private static func key(_ id: QuestionID, _ seen: inout [ExactKey: Int]) -> String {
        let text = id.description
        defer { seen[ExactKey(text), default: 0] += 1 }
        return "\(text)\u{0}\(seen[ExactKey(text), default: 0])"
    }

    private static func keyed(_ items: [ItemScore]) -> [ExactKey: ItemScore] {
        var (result, seen): ([ExactKey: ItemScore], [ExactKey: Int]) = ([:], [:])
        for item in items { result[ExactKey(key(item.id, &seen))] = item }
        return result
    }
}

/// A question and what every model said to it.
struct JudgedQuestion {
    let benchmark: String
    let key: String
    let question: Question
    let gold: String
    /// Judged answers in the order of the models.
    let answers: [ItemScore]

    var marks: [AnswerMark] { answers.map { AnswerMark(verdict: $0.verdict) } }

    /// Place in an order that looks random and is the same every time.
    var lot: String { Digest.sha256("\(benchmark)\n\(key)") }

    /// The user's words without the line that says in what form to answer.
    var shortText: String {
        let lines = question.text.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = lines.filter {
            !$0.hasPrefix("Answer the question using") && !$0.hasPrefix("Answer with the option")
        }
        let text = kept.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
        return text.count > 400 ? text.prefix(400) + "…" : text
    }
}

extension String {
    func dropping(prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
