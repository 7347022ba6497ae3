import ArgumentParser
import Files
import Foundation
import Measuring
import Processors
import Records
import Report
import Stage
import Tensors

struct MeasureEfficiency: RecipeCommand {
    typealias StageRecipe = AnsweringCostSettings

    static let configuration = StageHelp.configuration(
        "measure-efficiency",
        abstract: "Measure what answering with models costs, and list what training runs have cost.",
        discussion: """
            For each --model: parameters, memory, time to the first token, tokens a second, each in a \
            process of its own. For each --run: time, memory and forward passes a sample, as counted by \
            train-student and kept in its receipt. Writes efficiency.json, models.csv and runs.csv, and \
            prints both tables. Run it on a machine that does nothing else.
            """,
        example: """
            measure-efficiency --config pipelines/demo/efficiency.yaml \\
              --model teacher=runs/demo/teacher --model align-ti=runs/demo/align-ti \\
              --run align-ti=runs/demo/align-ti --out runs/demo/efficiency
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp("A checkpoint to answer with; may be repeated.", valueName: NamedFolder.valueName))
    var models: [NamedFolder] = []
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("What train-student has made; may be repeated.", valueName: NamedFolder.valueName))
    var runs: [NamedFolder] = []
    @Option(help: "Folder for efficiency.json, models.csv, runs.csv, table.txt and the receipt.")
    var out: String?
    @Option(help: .hidden) var measure: String?

    func validate() throws {
        guard measure == nil else { return }
        guard out != nil else { throw ValidationError("give --out, a folder for the result") }
        guard !models.isEmpty || !runs.isEmpty else {
            throw ValidationError("nothing to measure: give --model or --run")
        }
        try models.requireDistinctNames("--model")
        try runs.requireDistinctNames("--run")
    }

    func run() throws {
        let recipe = try self.recipe()
        if let measure {
            OwnProcess.endsWithParent()
            if let threads = configuration.threads { AllowedProcessors.limit(to: threads) }
            return print(try ModelCost(measuring: URL(fileURLWithPath: measure), recipe).line)
        }
        let output = URL(fileURLWithPath: out ?? "")
        let run = try StageRun(
            "measure-efficiency", recipe: recipe,
            inputs: models.map { try configuration.input("model \($0.name)", $0.url) }
                // What is read of a run is its receipt, of which the output digest leaves the times out.
                + runs.map {
                    try configuration.input("run \($0.name)", $0.url.appendingPathComponent(Receipt.fileName))
                },
            output: output, options: configuration)
        let table = output.appendingPathComponent("table.txt")
        if try run.isUpToDate() { return try configuration.show(tableIn: table) }

        let training = try runs.map { try RunCost(name: $0.name, folder: $0.url) }
        try run.begin()
        let progress = ProgressReporter("measuring", total: models.count, unit: "models")
        let answering = try models.map { model in
            defer { progress.advance(suffix: model.name) }
            return try ModelCost(
                inChildFor: model.url, name: model.name, arguments: configurationArguments)
        }
        if !models.isEmpty { progress.finish() }
        let measured = EfficiencyFile(models: answering, runs: training)
        let text = EfficiencyTables(measured).text
        for (name, content) in [
            (EfficiencyFile.file, measured.text), ("models.csv", measured.modelsCSV),
            ("runs.csv", measured.runsCSV), (table.lastPathComponent, text),
        ] {
            try AtomicOutput.writeAtomically(content, to: output.appendingPathComponent(name))
        }
        try run.finish(
            counts: ["models": .int(models.count), "runs": .int(runs.count)],
            volatile: [EfficiencyFile.file, "models.csv", "table.txt"], blasCore: Machine.blasCore)
        configuration.show(table: text)
    }

    /// The recipe and the threads, for the processes that measure.
    private var configurationArguments: [String] {
        configuration.config.flatMap { ["--config", $0] } + configuration.set.flatMap { ["--set", $0] }
            + (configuration.threads.map { ["--threads", "\($0)"] } ?? [])
    }
}
