import ArgumentParser
import Comparing
import Files
import Foundation
import Records
import Stage

struct CompareRecipe: Recipe {
    /// The row that the others are compared with.
    var baseline: String?
    /// Shows what the runs cost beside their scores.
    var costs = false
    /// What is compared.
    var title = ""
    /// Rows that the paper has above, and below, the baseline.
    var publishedAbove: [String] = []
    var publishedBelow: [String] = []

    enum CodingKeys: String, CodingKey {
        case baseline, costs, title
        case publishedAbove = "published_above"
        case publishedBelow = "published_below"
    }
}

struct CompareRuns: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "compare-runs", abstract: "Compares ablation rows over seeds: mean, standard error, paired test.",
        discussion: """
            Reads <runs>/<row>/seed-<s>/scores (score-benchmarks) and model (train-student: what it cost) for seeds 1 to --seeds. \
            Writes <name>.csv and <name>.txt, the table, and prints it, <name> being that of the output folder, and cells.jsonl, \
            all numbers in full. With several seeds the test is a paired t test over seeds, with one McNemar's over questions.
            """,
        example:
            "compare-runs --runs runs/demo/ablations --row sft --row kd --row align-ti --baseline kd --seeds 3 --out runs/demo/tables/table3"
    )

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the rows.") var runs: String
    @Option(name: .customLong("row"), help: "A row of the table; repeat it, in order.") var rows: [String]
    @Option(help: "The row that the others are compared with.") var baseline: String
    @Option(help: "Seeds of each row.") var seeds = 1
    @Flag(help: "Show what the runs cost.") var costs = false
    @Option(help: "What is compared, for the caption.") var title = ""
    @Option(help: "A row that the paper has above the baseline; may be repeated.")
    var publishedAbove: [String] = []
    @Option(help: "A row that the paper has below the baseline; may be repeated.")
    var publishedBelow: [String] = []
    @Option(help: "Folder for the table.") var out: String

    func validate() throws {
        guard seeds >= 1 else { throw ValidationError("--seeds \(seeds): expected at least 1") }
        guard Set(rows).count == rows.count else { throw ValidationError("a --row is given twice") }
        guard rows.contains(baseline) else {
            throw ValidationError("--baseline \(baseline): expected one of \(rows.joined(separator: ", "))")
        }
        for row in publishedAbove + publishedBelow where row == baseline || !rows.contains(row) {
            throw ValidationError(
                "--published-above or --published-below \(row): expected a --row that is not the baseline")
        }
        guard Set(publishedAbove).isDisjoint(with: publishedBelow) else {
            throw ValidationError("a row is --published-above and --published-below")
        }
    }

    func run() throws {
        var recipe = try configuration.recipe(CompareRecipe.self)
        (recipe.baseline, recipe.costs, recipe.title) = (baseline, recipe.costs || costs, title)
        (recipe.publishedAbove, recipe.publishedBelow) = (publishedAbove, publishedBelow)
        let output = URL(fileURLWithPath: out)
        func folder(_ row: String, _ seed: Int) -> URL {
            URL(fileURLWithPath: runs).appendingPathComponent("\(row)/seed-\(seed)")
        }
        let inputs = try rows.flatMap { row in
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
            rows: rows.map { row in
                RunComparison.Row(
                    name: row, runs: try (1...seeds).map { try RunScores(folder: folder(row, $0)) })
            }, baseline: baseline,
            published: Dictionary(publishedAbove.map { ($0, .above) }) { first, _ in first }
                .merging(publishedBelow.map { ($0, .below) }) { first, _ in first })
        let cells = try comparison.cells()
        let table = ComparisonTable(cells, title: title, showsCosts: recipe.costs)
        try run.begin()
        for (file, text) in [
            ("\(name).csv", table.csv), (ComparisonCell.file, ComparisonCell.text(cells)),
            ("\(name).txt", table.text),
        ] {
            try AtomicOutput.writeAtomically(text, to: output.appendingPathComponent(file))
        }
        try run.finish(counts: ["rows": .int(rows.count), "seeds": .int(seeds)])
        configuration.show(table: table.text)
    }
}
