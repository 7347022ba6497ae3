import Files
import Foundation

/// The comparisons over seeds that compare-runs made: the rows of the paper's tables.
struct ComparisonSection {
    let run: RunFolder

    func section() -> ReportSection {
        var section = ReportSection(
            id: "comparisons", title: "Comparisons",
            lead:
                "What each part of the method contributes: one table for each comparison that was run, numbered as the paper’s. Cells are "
                + "means ± standard errors over seeds. ‘direction’ says whether a row is above or below the baseline, and whether the paper "
                + "has it there, where that is known.")
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
            guard let file = result.receipt.outputs.first(where: { $0.path.hasSuffix(".csv") }),
                let data = try? Data(contentsOf: result.file(file.path)),
                let table = Self.table(result.name, String(decoding: data, as: UTF8.self))
            else {
                section.blocks.append(.absent("The table of \(result.name) is gone or empty."))
                continue
            }
            section.blocks.append(.table(table))
        }
        return section
    }

    /// A CSV as a table: lines that start with # are its caption, the first row names the columns.
    private static func table(_ name: String, _ text: String) -> ReportTable? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let comments = lines.prefix { $0.hasPrefix("#") }
        let rows = CSV.rows(lines.dropFirst(comments.count).joined(separator: "\n"))
        guard let head = rows.first else { return nil }
        return ReportTable(
            id: Anchor.words(name), title: title(name),
            caption: comments.map { $0.drop { $0 == "#" || $0 == " " } }.joined(separator: " "),
            columns: head, rows: rows.dropFirst().map { ReportTable.Row($0) })
    }

    /// `tables/table3` → `Table 3.`
    private static func title(_ name: String) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let words = last.replacing(#/([A-Za-z])([0-9])/#) { "\($0.output.1) \($0.output.2)" }
        return words.prefix(1).uppercased() + words.dropFirst() + "."
    }
}
