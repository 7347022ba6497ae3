import ArgumentParser
import Converting
import Files
import Foundation
import Settings
import Stage

struct ConvertData: RecipeCommand {
    typealias StageRecipe = ConvertingSettings

    static let configuration = StageHelp.configuration(
        "convert-data",
        abstract:
            "Makes LLaVA conversations, which pack-shards packs, of a data set in its publisher's form.",
        discussion: """
            --from is the name of the set's manifest and --data the folder that make fetch brought it into. \
            Writes <set>.json, its images named below the place that the manifest leads to, and, with \
            on_bad_sample: skip, skipped.jsonl. Only the train split is converted unless the recipe's splits \
            say otherwise. docs/data.md says what becomes of each set.
            """,
        example: """
            convert-data --from textvqa --data runs/demo/world/validation/textvqa \\
              --set 'splits=[val]' --out runs/demo/textvqa
            """)

    @OptionGroup var configuration: ConfigurationOptions

    @Option(help: ArgumentHelp("Name of the data set.", valueName: "set"))
    var from: String

    @Option(help: ArgumentHelp("The set in its publisher's form.", valueName: "folder"))
    var data: String

    @Option(
        help: ArgumentHelp(
            "The set coco-2017, for visual-dialog, which names its photographs by number; beside --data "
                + "unless given.",
            valueName: "folder"))
    var coco: String?

    @Option(help: ArgumentHelp("Folder to make.", valueName: "folder"))
    var out: String

    func run() throws {
        let recipe = try self.recipe()
        guard let set = DataSet(rawValue: from) else {
            throw ConvertingError.unknownSet(
                name: from, near: Spelling.nearest(to: from, among: DataSet.allCases.map(\.rawValue)))
        }
        let conversion = try Conversion(
            set, data: URL(fileURLWithPath: data), coco: coco.map { URL(fileURLWithPath: $0) }, recipe)
        let output = URL(fileURLWithPath: out)
        let run = try StageRun(
            "convert-data", recipe: Recorded(settings: recipe, from: from),
            inputs: conversion.files.map { try configuration.input("data", $0) }, output: output,
            options: configuration)
        if let asked = set.benchmarkSplit, recipe.splits.contains(asked) {
            StandardError.write(
                "convert-data: warning: a benchmark asks the questions of \(from)'s \(asked.rawValue) split; "
                    + "a model that is trained on them cannot be measured by it")
        }
        if try run.isUpToDate() { return }
        try run.begin()
        let interruption = Interruption()
        let progress = ProgressReporter("converting", total: nil, unit: "rows")
        let counts = try conversion.run(into: output) { counts in
            progress.update(counts.rows)
            if interruption.isRequested {
                throw StageError.interrupted("nothing is written yet; run the same command again")
            }
        }
        progress.finish()
        StandardError.write(
            "convert-data: \(counts.samples) samples of \(counts.rows) rows (\(counts.skipped) skipped, "
                + "\(counts.leftOut) of other splits or kinds): "
                + output.appendingPathComponent(conversion.outputFile).path)
        try run.finish(counts: [
            "rows": .int(counts.rows), "samples": .int(counts.samples),
            "with_image": .int(counts.withImage), "skipped": .int(counts.skipped),
            "left_out": .int(counts.leftOut),
        ])
    }

    /// All that the result depends on besides its inputs, for the receipt.
    struct Recorded: Recipe {
        var settings = ConvertingSettings()
        var from = ""
    }
}
