import ArgumentParser
import Benchmarks
import Files
import Foundation
import Stage

struct ScoreRecipe: Recipe {
    /// Adds the published rows of the paper's table to ours.
    var published = false
}

struct ScoreBenchmarks: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "score-benchmarks", abstract: "Scores saved answers by the rules of the benchmarks' own scorers.",
        discussion: """
            Benchmarks: \(BenchmarkList.all.map { $0.name }.joined(separator: ", ")). Answers are JSON Lines in LLaVA's \
            format, <folder>/<benchmark>.jsonl; for MME also the official tab-separated files in <folder>/mme. Writes \
            scores.json (all numbers and breakdowns) and table.txt, and prints the table. AVG is the mean of the six \
            columns of the paper and is there only where all six are.
            """,
        example:
            "score-benchmarks --benchmark pope=data/pope --model teacher=run/teacher/answers --model student=run/student/answers --out run/scores"
    )

    @OptionGroup var configuration: ConfigurationOptions

    @Option(
        name: .customLong("benchmark"),
        help: ArgumentHelp("A benchmark and its official files; may be repeated.", valueName: "name=folder"))
    var benchmarkFolders: [String] = []

    @Option(
        help: ArgumentHelp("A folder of benchmarks, each in a subfolder of its name.", valueName: "folder"))
    var benchmarks: String?

    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A row of the table: a model's name and its answers; may be repeated.", valueName: "name=answers")
    )
    var models: [String] = []

    @Option(
        help: ArgumentHelp(
            "The answers of one model: a folder, or a file where there is one benchmark.",
            valueName: "answers"))
    var answers: String?

    @Option(
        help: ArgumentHelp(
            "Hold benchmarks to <folder>/<name>.json: counts, sizes, digests. Unknown digests go into <folder>/locks.",
            valueName: "folder"))
    var manifests: String?

    @Flag(help: "Add the published rows to the table.")
    var published = false

    @Flag(help: "Print how each answer was read and judged; writes nothing.")
    var explain = false

    @Option(
        help: ArgumentHelp(
            "Folder for scores.json, table.txt and the receipt; without it the table is only printed.",
            valueName: "folder"))
    var out: String?

    func run() throws {
        var recipe = try configuration.recipe(ScoreRecipe.self)
        recipe.published = recipe.published || published
        let benchmarks = try openBenchmarks()
        let answers =
            try models.map { try pair($0, option: "--model") }
            + (self.answers.map { [("model", url($0))] } ?? [])
        guard !answers.isEmpty else {
            throw StageError.usage("no answers: give --answers <folder> or --model <name>=<folder>")
        }
        guard Set(answers.map(\.0)).count == answers.count else {
            throw StageError.usage("two --model have one name: a row each needs its own")
        }

        guard let out, !explain else {
            let results = answers.map { ModelScores(model: $0.0, answers: $0.1, benchmarks: benchmarks) }
            if explain { results.forEach(printExplanations) }
            try show(results, benchmarks, table(results, recipe))
            return
        }
        let inputs =
            try benchmarks.map {
                try StageInput("benchmark \(type(of: $0).name)", $0.folder, digest: try $0.digest())
            }
            + answers.map { try StageInput("answers of \($0.0)", $0.1) }
        let run = try StageRun(
            "score-benchmarks", recipe: recipe, inputs: inputs, output: url(out), options: configuration)
        if try run.isUpToDate() {
            printTable(try String(contentsOf: url(out).appendingPathComponent("table.txt"), encoding: .utf8))
            return
        }
        let results = answers.map { ModelScores(model: $0.0, answers: $0.1, benchmarks: benchmarks) }
        let table = table(results, recipe)
        try show(results, benchmarks, table)
        try run.begin()
        try AtomicOutput.writeAtomically(
            ModelScores.document(results), to: run.output.appendingPathComponent("scores.json"))
        try AtomicOutput.writeAtomically(table, to: run.output.appendingPathComponent("table.txt"))
        try run.finish(
            counts: .object(["models": .int(results.count), "benchmarks": .int(benchmarks.count)]))
    }

    private func openBenchmarks() throws -> [any Benchmark] {
        var folders = try benchmarkFolders.map { try pair($0, option: "--benchmark") }
        if let parent = benchmarks.map(url) {
            folders += BenchmarkList.all.map { ($0.name, parent.appendingPathComponent($0.name)) }
                .filter { FileManager.default.fileExists(atPath: $0.1.path) }
        }
        guard !folders.isEmpty else {
            throw StageError.usage("no benchmark: give --benchmark <name>=<folder> or --benchmarks <folder>")
        }
        guard Set(folders.map(\.0)).count == folders.count else {
            throw StageError.usage("a benchmark is given twice")
        }
        return try folders.map { name, folder in
            let (benchmark, recorded) = try BenchmarkList.open(name, folder: folder, manifests: manifests.map(url))
            recorded.forEach { StandardError.write("\(name): recorded size and digest of \($0)") }
            return benchmark
        }
    }

    /// The table on stdout, everything that must not pass unseen on stderr; an error where an answer file cannot be scored.
    private func show(_ results: [ModelScores], _ benchmarks: [any Benchmark], _ table: String) throws {
        printTable(table)
        benchmarks.flatMap(\.allNotices).forEach(StandardError.write)
        results.flatMap(\.notices).forEach(StandardError.write)
        let failed = results.reduce(0) { $0 + $1.failures.count }
        if failed > 0 { throw Unscored(count: failed) }
    }

    private func table(_ results: [ModelScores], _ recipe: ScoreRecipe) -> String {
        ScoreTable(rows: results.map(\.row) + (recipe.published ? ScoreTable.published : [])).text
    }

    /// With `--json` stdout belongs to the summary.
    private func printTable(_ table: String) {
        if configuration.json { StandardError.write(table) } else { print(table, terminator: "") }
    }

    private func printExplanations(_ result: ModelScores) {
        for score in result.scores {
            for item in score.items { print("\(result.model) \(score.benchmark) \(item.explanation)") }
        }
    }

    private func url(_ path: String) -> URL { URL(fileURLWithPath: path) }

    private func pair(_ text: String, option: String) throws -> (String, URL) {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { throw StageError.usage("\(option) \(text): expected <name>=<folder>") }
        return (String(parts[0]), url(String(parts[1])))
    }
}

/// Some answers could not be scored; the reasons were told with the table.
struct Unscored: Error, CustomStringConvertible {
    let count: Int
    var description: String { "\(count) answer files could not be scored (see above); nothing was written" }
}

extension BenchmarkError: ExitCoded {
    public var exitCode: Int32 {
        switch self {
        case .missingFile, .unreadable, .missingImage: ExitStatus.missingInput
        case .unknownBenchmark: ExitStatus.usage
        default: ExitStatus.badData
        }
    }
}

StageMain.run(ScoreBenchmarks.self)
