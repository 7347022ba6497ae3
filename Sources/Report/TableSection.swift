import Foundation

/// Comparisons that other stages left as CSV below `tables/`: ablations over seeds, efficiency.
struct TableSection {
    let run: RunFolder

    func section() -> ReportSection {
        var section = ReportSection(
            id: "comparisons", title: "Comparisons",
            lead:
                "What each part of the method contributes: one table for each comparison that was run, in the numbering of the paper. "
                + "Where several seeds were run, cells hold mean ± standard error.")
        guard !run.tables.isEmpty else {
            section.blocks.append(.absent("No comparison was run for this pipeline (tables/*.csv)."))
            return section
        }
        for name in run.tables {
            let id = String(name.dropFirst("tables/".count).dropLast(".csv".count))
            guard let data = try? Data(contentsOf: run.url.appendingPathComponent(name)),
                let table = Self.table(id: id, String(decoding: data, as: UTF8.self))
            else {
                section.blocks.append(.absent("\(name) is empty or cannot be read."))
                continue
            }
            section.blocks.append(.table(table))
        }
        return section
    }

    /// A CSV as a table: lines that start with # are its caption, the first row names the columns.
    static func table(id: String, _ text: String) -> ReportTable? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let comments = lines.prefix { $0.hasPrefix("#") }
        let rows = CSV.rows(lines.dropFirst(comments.count).joined(separator: "\n"))
        guard let head = rows.first else { return nil }
        let caption = comments.map { $0.drop { $0 == "#" || $0 == " " } }.joined(separator: " ")
        let width = rows.map(\.count).max() ?? 0
        return ReportTable(
            id: "comparison-\(id.replacingOccurrences(of: "/", with: "-"))", title: title(id),
            caption: caption,
            columns: head + Array(repeating: "", count: width - head.count),
            rows: rows.dropFirst().map { ReportTable.Row($0) })
    }

    /// `table3` → `Table 3.`, `loss-weights` → `Loss weights.`
    static func title(_ id: String) -> String {
        var words = id.replacing(#/([A-Za-z])([0-9])/#) { "\($0.output.1) \($0.output.2)" }
            .replacingOccurrences(of: "-", with: " ").replacingOccurrences(of: "_", with: " ")
        if let first = words.first { words = first.uppercased() + words.dropFirst() }
        return words + "."
    }
}
