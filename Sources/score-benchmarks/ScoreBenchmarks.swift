import ArgumentParser
import Benchmarks
import Comparing
import Files
import Foundation
import Records
import Settings
import Stage

struct ScoreRecipe: Recipe {
    @Setting("File of published systems whose rows are added to ours.", null: "none") var published: String?
}

struct ScoreBenchmarks: RecipeCommand {
    typealias StageRecipe = ScoreRecipe

    static let configuration = StageHelp.configuration(
        "score-benchmarks", abstract: "Scores saved answers by the rules of the benchmarks' own scorers.",
        discussion: """
            Benchmarks: \(BenchmarkList.help). Answers are JSON Lines \
            in LLaVA's format, <folder>/<benchmark>.jsonl; for MME also the official tab-separated files in \
            <folder>/mme. Writes scores.json (all numbers and breakdowns), items.jsonl (each question's \
            credit) and table.txt, and prints the table. AVG is the mean of the six columns of the paper and \
            is there only where all six are.
            """,
        example: """
            score-benchmarks --benchmarks runs/demo/world/benchmarks \\
              --model teacher=runs/demo/answers/teacher \\
              --model sft=runs/demo/answers/sft --out runs/demo/scores
            """)

    @OptionGroup var configuration: ConfigurationOptions

    @Option(
        name: .customLong("benchmark"),
        help: ArgumentHelp(
            "A benchmark and its official files; may be repeated.", valueName: NamedFolder.valueName))
    var benchmarkFolders: [NamedFolder] = []

    @Option(help: "A folder of benchmarks, each in a subfolder of its name.")
    var benchmarks: String?

    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "A model's answers: a row of the table; may be repeated.", valueName: "name=answers"))
    var models: [NamedFolder] = []

    @Option(help: "The answers of one model: a folder, or a file where there is one benchmark.")
    var answers: String?

    @Option(help: "Hold benchmarks to <manifests>/<name>.json; unknown digests go into <manifests>/locks.")
    var manifests: String?

    @Option(
        help: ArgumentHelp("Add the published systems of a file to the table.", valueName: "table1.yaml"))
    var published: String?

    @Flag(help: "Print how each answer was read and judged; writes nothing.")
    var explain = false

    @Flag(help: "Leave out what is to be said of the benchmarks themselves, whoever answers.")
    var brief = false

    @Option(help: "Folder for scores.json, table.txt and the receipt; without it the table is only printed.")
    var out: String?

    func validate() throws { try models.requireDistinctNames("--model") }

    func run() throws {
        var recipe = try self.recipe()
        recipe.published = published ?? recipe.published
        let systems = try recipe.published.map {
            try RecipeLoader.load(PublishedModels.self, config: url($0)).models
        }
        let benchmarks = try openBenchmarks()
        var answers = models
        if let folder = self.answers { answers.append(NamedFolder(name: "model", url: url(folder))) }
        guard !answers.isEmpty else { throw StageError.usage("no answers: give --answers or --model") }

        let files = try benchmarks.map {
            try configuration.input("benchmark \($0.name)", $0.location, digest: try $0.digest())
        }
        let inputs =
            try files + answers.map { try configuration.input("answers of \($0.name)", $0.url) }
            + (recipe.published.map { [try configuration.input("published", url($0))] } ?? [])
        let run = try out.map { out in
            try StageRun(
                "score-benchmarks", recipe: recipe, inputs: inputs, output: url(out), options: configuration)
        }
        if let run, !explain, try run.isUpToDate() {
            return try configuration.show(tableIn: run.output.appendingPathComponent("table.txt"))
        }
        // With --out, `begin` does it.
        if run == nil || explain { for input in inputs { try input.verify() } }
        let results = answers.map { ModelScores(model: $0.name, answers: $0.url, benchmarks: benchmarks) }
        let table = ScoreTable(rows: results.map(\.row) + (systems ?? []).map(\.row)).text
        if explain { print(results.flatMap(\.explanations).joined(separator: "\n")) }
        configuration.show(table: table)
        ((brief ? [] : benchmarks.flatMap(\.allNotices)) + results.flatMap(\.notices)).forEach(
            StandardError.write)
        let failed = results.reduce(0) { $0 + $1.failures.count }
        guard failed == 0 else { throw Unscored(count: failed) }

        guard let run, !explain else { return }
        try run.begin()
        try AtomicOutput.writeAtomically(
            ScoresFile(models: results.map(\.record)).text,
            to: run.output.appendingPathComponent(ScoresFile.file))
        try AtomicOutput.writeAtomically(
            ItemRecord.text(results.flatMap(\.items)),
            to: run.output.appendingPathComponent(ItemRecord.file))
        try AtomicOutput.writeAtomically(table, to: run.output.appendingPathComponent("table.txt"))
        try run.finish(counts: ["models": .int(results.count), "benchmarks": .int(benchmarks.count)])
    }

    private func openBenchmarks() throws -> [any Benchmark] {
        let folders = try BenchmarkFolders(
            named: benchmarkFolders.map { ($0.name, $0.url) }, parent: benchmarks.map(url))
        return try folders.map { name, folder in
            let (benchmark, recorded) = try BenchmarkList.open(
                name, at: folder, manifests: manifests.map(url))
            for file in recorded { StandardError.write("\(name): recorded size and digest of \(file)") }
            return benchmark
        }
    }

    private func url(_ path: String) -> URL { URL(fileURLWithPath: path) }
}

/// Some answers could not be scored; the reasons were told with the table.
struct Unscored: Error, CustomStringConvertible {
    let count: Int
    var description: String { "\(count) answer files could not be scored (see above); nothing was written" }
}
