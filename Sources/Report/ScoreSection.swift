import Benchmarks
import Comparing
import Foundation
import Records

/// The models' scores, beside the published systems' where the official data were asked.
struct ScoreSection {
    let run: RunFolder
    let scored: ScoredRun
    /// The paper's Table 1; nil where it was not given.
    var published: PublishedModels?
    /// Titles of benchmarks instead of their own, by name.
    var titles: [String: String] = [:]

    func section() throws -> ReportSection {
        var section = ReportSection(
            id: "scores", title: "Scores",
            lead:
                "How often each model answers right, in the official scoring of each benchmark (higher is "
                + "better, 100 is everything). AVG is the plain mean of the six benchmarks of the paper.")
        guard let result = run.scores else {
            section.blocks.append(.absent("No scores: run score-benchmarks (make distill)."))
            return section
        }
        section.sources = [result]
        do {
            let models = try ScoresFile(result.file(ScoresFile.file)).models.map {
                ScoreTable.Row(model: $0.model, scores: $0.benchmarks.mapValues(\.headline))
            }
            section.blocks += blocks(models)
            section.blocks.append(
                .paragraph(
                    "One run of one seed: differences of a few points between students are within what "
                        + "another start may change. Comparisons over several replicates, where they were "
                        + "made, are the tables below."))
        } catch {
            try refuseDiskFailure(error)
            section.blocks.append(.absent("The scores cannot be read: \(error)"))
        }
        return section
    }

    /// Benchmarks of the paper that were asked and are not the official releases.
    private var unofficial: [any Benchmark] {
        scored.benchmarks.filter { $0.differenceFromOfficial != nil }
    }

    private func blocks(_ models: [ScoreTable.Row]) -> [ReportSection.Block] {
        let asked = BenchmarkList.inOrder(models.flatMap { $0.scores.keys })
        let hasPaper = BenchmarkList.paper.contains { asked.contains($0.name) }
        guard let published, hasPaper else { return [.table(table(models, asked))] + missing(asked) }
        if unofficial.isEmpty, scored.problems.isEmpty {
            return [.table(table(models, published))] + missing(asked)
        }
        let names = unofficial.map { titles.title(of: $0.name) }.joined(separator: ", ")
        let reason =
            names.isEmpty
            ? "It is not known whether the data asked were the official releases"
            : "The data of \(names) are not the official releases here"
        return [
            .table(table(models, asked)),
            .folded(
                "\(published.title), as published", [.table(table([], published))]),
            .paragraph("\(reason), so ours and the published rows do not compare."),
        ] + missing(asked)
    }

    /// Why there is no AVG, where some of the paper's benchmarks were asked.
    private func missing(_ asked: [String]) -> [ReportSection.Block] {
        let absent = BenchmarkList.paper.filter { !asked.contains($0.name) }
        guard !absent.isEmpty else { return [] }
        return [
            .odd(
                "There is no AVG: it is the mean of the six benchmarks of the paper, and "
                    + "\(absent.map { $0.title }.joined(separator: ", ")) were not asked.")
        ]
    }

    /// Our models alone; AVG where there is one.
    func table(_ models: [ScoreTable.Row], _ asked: [String]) -> ReportTable {
        let hasAverage = models.contains { $0.average != nil }
        return ReportTable(
            id: "scores", title: "Score of each model.",
            columns: ["model"] + asked.map { titles.title(of: $0) } + (hasAverage ? ["AVG"] : []),
            rows: models.map { model in
                ReportTable.Row(
                    [model.model] + asked.map { Printed.number(model.scores[$0].flatMap { $0 }) }
                        + (hasAverage ? [Printed.number(model.average)] : []))
            })
    }

    private func table(_ models: [ScoreTable.Row], _ published: PublishedModels) -> ReportTable {
        PublishedScores(published, titles: titles).table(
            beside: models.map { ($0, parameters(of: $0.model)) })
    }

    /// Weights of a scored model; nil where its checkpoint is gone.
    private func parameters(of model: String) -> Int? {
        guard let checkpoint = scored.models.first(where: { $0.name == model })?.checkpoint else {
            return nil
        }
        return CheckpointSize.parameters(checkpoint.folder)
    }
}
