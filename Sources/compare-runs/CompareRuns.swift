import ArgumentParser
import Comparing
import Files
import Foundation
import Records
import Settings
import Stage

struct CompareRuns: RecipeCommand {
    typealias StageRecipe = ComparisonSettings

    static let configuration = StageHelp.configuration(
        "compare-runs",
        abstract: "Compares rows over replicates beside the paper's: mean, error, paired test.",
        discussion: """
            Reads <runs>/<row>/seed-<r>/scores (score-benchmarks), model (train-student: what it cost) and \
            efficiency (measure-efficiency), where they are, for replicates 1 to --seeds. Writes <name>.csv \
            and <name>.txt, the table, and prints it, <name> being that of the output folder, and \
            cells.jsonl, all numbers in full. With several replicates the test is a paired t test over them, \
            with one McNemar's over questions.
            """,
        example: """
            compare-runs --config pipelines/ablations/tables/table15.yaml \\
              --runs runs/demo/ablations --seeds 3 --out runs/demo/tables/table15
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Folder of the rows.") var runs: String
    @Option(help: "Replicates of each row.") var seeds = 1
    @Option(
        name: .customLong("row"), help: "A row of the table, instead of the recipe's; repeat it, in order.")
    var rows: [String] = []
    @Option(help: "The row that the others are compared with, instead of the recipe's.") var baseline: String?
    @Option(help: "What is compared, for the caption, instead of the recipe's.") var title: String?
    @Option(help: "File of rows to leave out, a line each: the row, a colon, the reason.") var leftOut:
        String?
    @Option(help: "Folder for the table.") var out: String

    func validate() throws {
        guard seeds >= 1 else { throw ValidationError("--seeds \(seeds): expected at least 1") }
    }

    /// The options that were given, as `--set` of the settings they override.
    private var overrides: [String] {
        let given: [(key: String, value: JSONValue)?] = [
            rows.isEmpty ? nil : ("rows", .array(rows.map { ["row": .string($0)] })),
            baseline.map { ("baseline", .string($0)) }, title.map { ("title", .string($0)) },
        ]
        return given.compactMap { $0 }.map { "\($0.key)=\($0.value.text())" }
    }

    /// Reasons of the rows to leave out.
    private func reasons() throws -> [String: String] {
        guard let leftOut else { return [:] }
        let lines = String(
            decoding: try InputBytes.read(URL(fileURLWithPath: leftOut)), as: UTF8.self
        ).split(whereSeparator: \.isNewline)
        return Dictionary(
            lines.map { line in
                let name = line.prefix { $0 != ":" }
                return (
                    name.trimmingCharacters(in: .whitespaces),
                    line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
                )
            }
        ) { first, _ in first }
    }

    func run() throws {
        let recipe = try self.recipe(overrides).leavingOut(reasons())
        guard !recipe.names.isEmpty else {
            throw StageError.usage("no rows to compare: give --config, a recipe that names them, or --row")
        }
        let output = URL(fileURLWithPath: out)
        func folders(_ row: String) -> [URL] {
            (1...seeds).map { URL(fileURLWithPath: runs).appendingPathComponent("\(row)/seed-\($0)") }
        }
        let inputs = try recipe.names.flatMap { row in
            try folders(row).enumerated().flatMap { index, folder in
                let run = "\(row) seed \(index + 1)"
                // By file: a folder's output digest leaves out what was measured.
                return try [configuration.input(run, folder.appendingPathComponent("scores"))]
                    + RunScores.costFiles(in: folder).map {
                        try configuration.input("\(run)'s \($0)", folder.appendingPathComponent($0))
                    }
            }
        }
        let run = try StageRun(
            "compare-runs", recipe: recipe, inputs: inputs, output: output, options: configuration)
        let name = output.lastPathComponent
        if try run.isUpToDate() {
            return try configuration.show(tableIn: output.appendingPathComponent("\(name).txt"))
        }
        let scores = try Dictionary(
            uniqueKeysWithValues: recipe.names.map { ($0, try folders($0).map(RunScores.init(folder:))) })
        let cells = try RunComparison(recipe, runs: scores).cells()
        sayRepeated(inputs)
        let table = ComparisonTable(cells, recipe)
        try run.begin()
        for (file, text) in [
            ("\(name).csv", table.csv), (ComparisonCell.file, ComparisonCell.text(cells)),
            ("\(name).txt", table.text),
        ] {
            try AtomicOutput.writeAtomically(text, to: output.appendingPathComponent(file))
        }
        try run.finish(counts: ["rows": .int(recipe.names.count), "seeds": .int(seeds)])
        configuration.show(table: table.text)
    }

    /// A training that stands for several replicates makes a test look surer than it is.
    private func sayRepeated(_ inputs: [StageInput]) {
        let trainings = inputs.filter { $0.name.hasSuffix("'s model/\(Receipt.fileName)") }
        for same in Dictionary(grouping: trainings, by: \.digest).values where same.count > 1 {
            let names = same.map { $0.path.replacing("/\(Receipt.fileName)", with: "") }.joined(
                separator: " and ")
            StandardError.write(
                "compare-runs: warning: \(names) are one training, counted \(same.count) times")
        }
    }
}
