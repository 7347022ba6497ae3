import ArgumentParser
import Comparing
import Files
import Foundation
import Report
import Stage

struct WriteReport: RecipeCommand {
    typealias StageRecipe = ReportSettings

    static let configuration = StageHelp.configuration(
        "write-report",
        abstract: "Write one HTML page about a run: scores, curves, heat maps, answers, cost, provenance.",
        discussion: """
            Everything is found through the receipts below --run; what a run lacks is said in the page. \
            report.html needs no network and no JavaScript; each table, and the numbers of each plot, are \
            CSV files beside it. Plots are drawn by gnuplot.
            """,
        example: """
            write-report --run runs/demo --out runs/demo/report \\
              --published pipelines/ablations/tables/table1.yaml
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @Option(name: .customLong("run"), help: "Folder of a pipeline's results.") var results: String
    @Option(
        help: ArgumentHelp("Published systems beside which scores are shown.", valueName: "table1.yaml"))
    var published: String?
    @Option(help: "Folder for report.html, the tables and the receipt.") var out: String

    func run() throws {
        let recipe = try self.recipe()
        let source = URL(fileURLWithPath: results)
        let folder = try RunFolder(source)
        let stage = try StageRun(
            "write-report", recipe: recipe,
            inputs: [configuration.input("run", source, digest: folder.digest())]
                + (published.map { [try configuration.input("published", URL(fileURLWithPath: $0))] } ?? []),
            output: URL(fileURLWithPath: out), options: configuration)
        if try stage.isUpToDate() { return }
        let systems = try published.map {
            try RecipeLoader.load(PublishedModels.self, config: URL(fileURLWithPath: $0))
        }
        let report = try RunReport(folder, settings: recipe, published: systems)
        try stage.begin()
        // Tables of an earlier report that this one does not have.
        for name in try FolderListing.files(below: stage.output)
        where name.hasSuffix(".csv") && !name.contains("/") {
            try FileManager.default.removeItem(at: stage.output.appendingPathComponent(name))
        }
        try report.write(to: stage.output)
        for part in report.absent { StandardError.write("write-report: not in this run: \(part)") }
        try stage.finish(
            counts: [
                "results": .int(folder.results.count), "tables": .int(report.tables.count),
                "absent": .int(report.absent.count), "bytes": .int(report.page.utf8.count),
            ])
    }
}
