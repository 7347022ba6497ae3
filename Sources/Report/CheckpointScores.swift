import Foundation
import Records

/// Scores of the checkpoints that trainings left on their way, by step (`make checkpoints`).
struct CheckpointScores {
    private let models: [(name: String, steps: Int, scores: ScoresFile.Model)]

    /// - Throws: `FilesError`, `RecordError` where the scores cannot be read
    init?(_ run: RunFolder) throws {
        guard let result = run.checkpoints.first(where: { $0.receipt.stage == "score-benchmarks" }) else {
            return nil
        }
        models = try ScoresFile(result.file(ScoresFile.file)).models.compactMap { model in
            model.model.wholeMatch(of: #/(.+)-step-([0-9]+)/#).flatMap { match in
                Int(match.output.2).map { (String(match.output.1), $0, model) }
            }
        }.sorted { $0.1 < $1.1 }
    }

    /// A plot for each model: every benchmark, and their mean.
    var plots: [Plot] {
        Set(models.map(\.name)).sorted().compactMap { name in
            let own = models.filter { $0.name == name }
            let benchmarks = Set(own.flatMap(\.scores.benchmarks.keys)).sorted()
            var series = benchmarks.map { benchmark in
                Plot.Series(
                    benchmark,
                    own.compactMap { model in
                        model.scores.benchmarks[benchmark]?.headline.map { (Double(model.steps), $0) }
                    })
            }
            series.append(
                Plot.Series(
                    "mean", own.compactMap { model in model.scores.average.map { (Double(model.steps), $0) } }
                ))
            series.removeAll { $0.points.isEmpty }
            guard !series.isEmpty else { return nil }
            return Plot(
                id: "checkpoints-\(Anchor.words(name))", alternative: "Scores of \(name) by step.",
                xLabel: "step", yLabel: "score", series: series)
        }
    }
}
