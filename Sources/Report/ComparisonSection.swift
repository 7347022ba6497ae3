import Comparing
import Foundation
import Records

/// The comparisons over seeds that compare-runs made: the rows of the paper's tables.
struct ComparisonSection {
    let run: RunFolder

    func section() -> ReportSection {
        var section = ReportSection(
            id: "comparisons", title: "Comparisons",
            lead:
                "What each part of the method contributes: one table for each comparison that was run, "
                + "numbered as the paper’s. Cells are means ± standard errors over seeds. ‘direction’ says "
                + "whether a row is above or below the baseline, and whether the paper has it there, where "
                + "that is known.")
        // Tables before figures, each by number.
        func isFigure(_ result: RunResult) -> Bool { result.name.contains("/figure") }
        section.sources = run.made(by: "compare-runs").sorted {
            isFigure($0) != isFigure($1)
                ? isFigure($1) : $0.name.compare($1.name, options: .numeric) == .orderedAscending
        }
        if section.sources.isEmpty {
            section.blocks.append(.absent("No comparison was made (make paper, or make table3)."))
        }
        for result in section.sources {
            do { section.blocks.append(.table(try table(result))) } catch {
                section.blocks.append(
                    .absent("\(result.name)/\(ComparisonCell.file) cannot be read: \(error)"))
            }
        }
        return section
    }

    private func table(_ result: RunResult) throws -> ReportTable {
        let recipe = result.receipt.recipe
        let title = if case .string(let title)? = recipe["title"] { title } else { "" }
        let table = ComparisonTable(
            try ComparisonCell.read(result.file(ComparisonCell.file)), title: title,
            showsCosts: recipe["costs"] == true)
        return ReportTable(
            id: Anchor.words(result.name), title: Self.title(result.name),
            caption: table.caption.joined(separator: " "), columns: table.lines[0],
            rows: table.lines.dropFirst().map { ReportTable.Row($0) })
    }

    /// `tables/table3` → `Table 3.`
    private static func title(_ name: String) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let words = last.replacing(#/([A-Za-z])([0-9])/#) { "\($0.output.1) \($0.output.2)" }
        return words.prefix(1).uppercased() + words.dropFirst() + "."
    }
}
