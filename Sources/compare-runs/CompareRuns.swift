import ArgumentParser
import Comparing
import Files
import Foundation
import Records
import Settings
import Stage

struct CompareRecipe: Recipe {
    @Setting("Rows of the table, in order: folders below --runs.") var rows: [String] = []
    @Setting("The row that the others are compared with.") var baseline = ""
    @Setting("Whether the table shows what the runs cost beside their scores.") var costs = false
    @Setting("What is compared, for the caption.") var title = ""
    @Setting("Rows that the paper has above the baseline.") var publishedAbove: [String] = []
    @Setting("Rows that the paper has below the baseline.") var publishedBelow: [String] = []

    func validate() throws {
        let names = rows.joined(separator: ", ")
        if rows.isEmpty, baseline.isEmpty { return }  // nothing is named yet
        guard Set(rows).count == rows.count else {
            throw SettingProblem("rows", "names a row twice: \(names)")
        }
        guard rows.contains(baseline) else {
            throw SettingProblem("baseline", "is '\(baseline)', expected one of \(names)")
        }
        for (key, published) in [("published_above", publishedAbove), ("published_below", publishedBelow)] {
            for row in published where row == baseline || !rows.contains(row) {
                throw SettingProblem(key, "names \(row), expected one of \(names) but \(baseline)")
            }
        }
        guard Set(publishedAbove).isDisjoint(with: publishedBelow) else {
            throw SettingProblem("published_below", "names a row that published_above names too")
        }
    }
}

struct CompareRuns: RecipeCommand {
    typealias StageRecipe = CompareRecipe

    static let configuration = StageHelp.configuration(
        "compare-runs", abstract: "Compares ablation rows over seeds: mean, standard error, paired test.",
        discussion: """
            Reads <runs>/<row>/seed-<s>/scores (score-benchmarks) and model (train-student: what it cost) \
            for seeds 1 to --seeds. Writes <name>.csv and <name>.txt, the table, and prints it, <name> being \
            that of the output folder, and cells.jsonl, all numbers in full. With several seeds the test is \
            a paired t test over seeds, with one McNemar's over questions.
            """,
        example: """
            compare-runs --config pipelines/ablations/tables/table3.yaml \\
              --runs runs/demo/ablations --seeds 3 --out runs/demo/tables/table3
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the rows.") var runs: String
    @Option(help: "Seeds of each row.") var seeds = 1
    @Option(
        name: .customLong("row"), help: "A row of the table, instead of the recipe's; repeat it, in order.")
    var rows: [String] = []
    @Option(help: "The row that the others are compared with, instead of the recipe's.") var baseline: String?
    @Flag(help: "Show what the runs cost.") var costs = false
    @Option(help: "What is compared, for the caption, instead of the recipe's.") var title: String?
    @Option(help: "A row that the paper has above the baseline, instead of the recipe's; may be repeated.")
    var publishedAbove: [String] = []
    @Option(help: "A row that the paper has below the baseline, instead of the recipe's; may be repeated.")
    var publishedBelow: [String] = []
    @Option(help: "Folder for the table.") var out: String

    func validate() throws {
        guard seeds >= 1 else { throw ValidationError("--seeds \(seeds): expected at least 1") }
    }

    /// The options that were given, as `--set` of the settings they override.
    private var overrides: [String] {
        func list(_ key: String, _ rows: [String]) -> (String, JSONValue)? {
            rows.isEmpty ? nil : (key, .array(rows.map(JSONValue.string)))
        }
        let given = [
            list("rows", rows), baseline.map { ("baseline", .string($0)) }, costs ? ("costs", true) : nil,
            title.map { ("title", .string($0)) }, list("published_above", publishedAbove),
            list("published_below", publishedBelow),
        ]
        return given.compactMap { $0 }.map { "\($0)=\($1.text())" }
    }

    func run() throws {
        let recipe = try self.recipe(overrides)
        guard !recipe.rows.isEmpty else {
            throw StageError.usage("no rows to compare: give --config, a recipe that names them, or --row")
        }
        let output = URL(fileURLWithPath: out)
        func folder(_ row: String, _ seed: Int) -> URL {
            URL(fileURLWithPath: runs).appendingPathComponent("\(row)/seed-\(seed)")
        }
        let inputs = try recipe.rows.flatMap { row in
            try (1...seeds).map {
                try StageInput("\(row) seed \($0)", folder(row, $0).appendingPathComponent("scores"))
            }
        }
        let run = try StageRun(
            "compare-runs", recipe: recipe, inputs: inputs, output: output, options: configuration)
        let name = output.lastPathComponent
        if try run.isUpToDate() {
            return try configuration.show(tableIn: output.appendingPathComponent("\(name).txt"))
        }
        let comparison = try RunComparison(
            rows: recipe.rows.map { row in
                RunComparison.Row(
                    name: row, runs: try (1...seeds).map { try RunScores(folder: folder(row, $0)) })
            }, baseline: recipe.baseline,
            published: Dictionary(recipe.publishedAbove.map { ($0, .above) }) { first, _ in first }
                .merging(recipe.publishedBelow.map { ($0, .below) }) { first, _ in first })
        let cells = try comparison.cells()
        let table = ComparisonTable(cells, title: recipe.title, showsCosts: recipe.costs)
        try run.begin()
        for (file, text) in [
            ("\(name).csv", table.csv), (ComparisonCell.file, ComparisonCell.text(cells)),
            ("\(name).txt", table.text),
        ] {
            try AtomicOutput.writeAtomically(text, to: output.appendingPathComponent(file))
        }
        try run.finish(counts: ["rows": .int(recipe.rows.count), "seeds": .int(seeds)])
        configuration.show(table: table.text)
    }
}
