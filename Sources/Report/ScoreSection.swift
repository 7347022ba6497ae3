import Benchmarks
import Foundation
import Records

/// The models' scores beside the rows that the paper published.
struct ScoreSection {
    let run: RunFolder
    let scored: ScoredRun

    func section() -> ReportSection {
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
            section.blocks.append(.table(Self.table(models)))
            let other = scored.benchmarks.filter { $0.differenceFromOfficial != nil }.map {
                type(of: $0).title
            }
            if !other.isEmpty {
                section.blocks.append(
                    .paragraph(
                        "The data of \(other.joined(separator: ", ")) are not the official releases here, so "
                            + "ours and the paper’s rows do not compare; the paper’s show what its table "
                            + "looks like."))
            }
            section.blocks.append(
                .paragraph(
                    "One run of one seed: differences of a few points between students are within what "
                        + "another seed may change. Comparisons over several seeds, where they were made, "
                        + "are the tables below."))
        } catch {
            section.blocks.append(.absent("The scores cannot be read: \(error)"))
        }
        return section
    }

    /// Table of our models, then of the published rows for the benchmarks we have; the paper's rows are
    /// those of the official data.
    static func table(_ models: [ScoreTable.Row]) -> ReportTable {
        let columns = BenchmarkList.all.filter { benchmark in
            models.contains { $0.scores[benchmark.name] != nil }
        }
        let hasPaper = columns.contains { column in
            BenchmarkList.paper.contains { $0.name == column.name }
        }
        func row(_ row: ScoreTable.Row, isQuiet: Bool) -> ReportTable.Row {
            let cells = columns.map { Printed.number(row.scores[$0.name].flatMap { $0 }) }
            return ReportTable.Row(
                [row.model] + cells + [Printed.number(row.average)], isQuiet: isQuiet)
        }
        return ReportTable(
            id: "scores", title: "Score of each model.",
            caption: hasPaper
                ? "Rows in italics are the paper’s, as published: models of 1 to 7 billion parameters on the "
                    + "official releases."
                : "",
            columns: ["model"] + columns.map { $0.title } + ["AVG"],
            rows: models.map { row($0, isQuiet: false) }
                + (hasPaper ? ScoreTable.published.map { row($0, isQuiet: true) } : []))
    }
}
