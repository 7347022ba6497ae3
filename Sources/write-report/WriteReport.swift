import ArgumentParser
import Files
import Foundation
import Report
import Stage

/// What report.yaml may say.
struct ReportRecipe: Recipe {
    /// Null takes the name of the run's folder.
    var title: String?
    /// Points of a loss curve at most; each is a mean over neighbouring steps.
    var points = 160
    /// Sample answers of each benchmark.
    var answersPerBenchmark = 4
    /// Draw heat maps of attention; this loads the models and runs them on a few questions.
    var attention = true
    /// Images of the heat maps, and questions asked about each.
    var images = 2
    var questionsPerImage = 4
    /// Questions that are followed through the layers.
    var questionsByLayer = 2
    /// Layers of a model shown at most.
    var layers = 6
    /// Models with heat maps at most.
    var models = 5
    /// Rows of the comparisons that are shown there too, their first seed.
    var attentionRows = ReportSettings().attentionRows

    enum CodingKeys: String, CodingKey {
        case title, points, attention, images, layers, models
        case attentionRows = "attention_rows"
        case answersPerBenchmark = "answers_per_benchmark"
        case questionsPerImage = "questions_per_image"
        case questionsByLayer = "questions_by_layer"
    }

    func validate() throws {
        try SettingProblem.require(points, "points", in: 2...10_000)
        try SettingProblem.require(answersPerBenchmark, "answers_per_benchmark", in: 0...1000)
        try SettingProblem.require(images, "images", in: 1...100)
        try SettingProblem.require(questionsPerImage, "questions_per_image", in: 1...20)
        try SettingProblem.require(questionsByLayer, "questions_by_layer", in: 0...20)
        try SettingProblem.require(layers, "layers", in: 2...1000)
        try SettingProblem.require(models, "models", in: 2...100)
    }

    var settings: ReportSettings {
        var settings = ReportSettings()
        settings.title = title
        settings.points = points
        settings.answersPerBenchmark = answersPerBenchmark
        settings.attention = attention
        settings.images = images
        settings.questionsPerImage = questionsPerImage
        settings.questionsByLayer = questionsByLayer
        settings.layers = layers
        settings.models = models
        settings.attentionRows = attentionRows
        return settings
    }
}

struct WriteReport: ParsableCommand {
    static let configuration = StageHelp.configuration(
        "write-report",
        abstract: "Write one HTML page about a run: scores, curves, heat maps, answers, cost, provenance.",
        discussion: """
            Everything is found through the receipts below --run; what a run lacks is said in the page. report.html needs no network and no
            JavaScript; each table, and the numbers of each plot, are CSV files beside it. Plots are drawn by gnuplot.
            """,
        example: "write-report --run runs/demo --out runs/demo/report")

    @OptionGroup var configuration: ConfigurationOptions
    @Option(name: .customLong("run"), help: "Folder of a pipeline's results.") var results: String
    @Option(help: "Folder for report.html, the tables and the receipt.") var out: String

    func run() throws {
        let recipe = try configuration.recipe(ReportRecipe.self)
        let source = URL(fileURLWithPath: results)
        let folder = try RunFolder(source)
        let stage = try StageRun(
            "write-report", recipe: recipe,
            inputs: [StageInput("run", source, digest: folder.digest())],
            output: URL(fileURLWithPath: out), options: configuration)
        if try stage.isUpToDate() { return }
        let report = try RunReport(folder, settings: recipe.settings)
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
