import Benchmarks
import Comparing
import Foundation

/// Published systems grouped by size, as the paper's Table 1 has them, with ours among them.
package struct PublishedScores {
    private let published: PublishedModels
    private let titles: [String: String]

    /// - Parameter titles: of benchmarks instead of their own, by name
    package init(_ published: PublishedModels, titles: [String: String] = [:]) {
        (self.published, self.titles) = (published, titles)
    }

    /// The table; our models stand in front of the group whose size is nearest, by ratio.
    ///
    /// - Parameter models: ours, with the number of their weights where it is known
    package func table(beside models: [(row: ScoreTable.Row, parameters: Int?)]) -> ReportTable {
        let benchmarks = BenchmarkList.paper
        var groups: [(billions: Double, rows: [ReportTable.Row])] = []
        for system in published.models {
            if groups.last?.billions != system.billions { groups.append((system.billions, [])) }
            let scores = (benchmarks.map { $0.name } + ["average"]).map { Printed.number(system.score($0)) }
            groups[groups.count - 1].rows.append(
                ReportTable.Row(
                    [system.method, system.llm, system.parameters, system.distilled ? "yes" : ""] + scores,
                    isQuiet: true))
        }
        for (model, parameters) in models.reversed() {
            let row = ReportTable.Row(
                ["ours: \(model.model)", "", parameters.map(Printed.short) ?? "–", ""]
                    + benchmarks.map { Printed.number(model.scores[$0.name].flatMap { $0 }) }
                    + [Printed.number(model.average)])
            func distance(_ group: Int) -> Double {
                abs(log(groups[group].billions * 1e9 / Double(max(1, parameters ?? 1))))
            }
            guard let nearest = groups.indices.min(by: { distance($0) < distance($1) }) else { break }
            groups[parameters == nil ? 0 : nearest].rows.insert(row, at: 0)
        }
        let isOurs = !models.isEmpty
        return ReportTable(
            id: isOurs ? "scores" : "published",
            title: isOurs ? "Score of each model beside published ones." : "\(published.title).",
            caption: "Rows in italics are published (\(published.source)), on the official releases.",
            columns: ["model", "LLM", "size", "distilled"] + benchmarks.map { titles.title(of: $0.name) }
                + ["AVG"],
            rows: groups.flatMap(\.rows))
    }
}
