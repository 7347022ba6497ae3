import Benchmarks
import Files
import Foundation
import Records

/// The table of a comparison: a row for each of its rows, made from its cells.
public struct ComparisonTable {
    private let cells: [[String]: ComparisonCell]
    private let rows, scores: [String]
    private let baseline: String
    private let seeds: Int
    private let title: String
    private let showsCosts: Bool

    /// The p below which a difference has a direction.
    public static let significance = 0.05

    /// - Parameters:
    ///   - cells: all of the comparison, row by row
    ///   - title: what is compared; may be empty
    ///   - showsCosts: also what the runs cost
    public init(_ cells: [ComparisonCell], title: String = "", showsCosts: Bool = false) {
        func inOrder(_ names: [String]) -> [String] {
            var seen: Set<String> = []
            return names.filter { seen.insert($0).inserted }
        }
        self.cells = Dictionary(cells.map { ([$0.row, $0.column], $0) }) { $1 }
        rows = inOrder(cells.map(\.row))
        scores = inOrder(cells.map(\.column)).filter { !RunScores.costs.contains($0) }
        (baseline, seeds) = (cells.first?.baseline ?? "", cells.first?.seeds ?? 0)
        (self.title, self.showsCosts) = (title, showsCosts)
    }

    /// What is compared, where that was said, and how.
    public var caption: [String] {
        let (test, shown) =
            seeds > 1
            ? ("a paired t test over seeds", "\(seeds) seeds: mean, standard error; Δ and p")
            : ("McNemar's exact test over questions", "1 seed: p")
        return (title.isEmpty ? [] : ["\(title)."])
            + ["\(shown) against '\(baseline)' by \(test); a direction has p < \(Self.significance)."]
    }

    /// The table for a spreadsheet or a page: the names of its columns, then a line a row, cells `mean ±
    /// standard error`.
    public var lines: [[String]] {
        var head = ["row"] + scores.map(Self.title)
        if let last = scores.last { head += ["Δ \(Self.title(last))", "p", "direction"] }
        return [head + costTitles]
            + rows.map { row in
                let cells = scores.map { self.cells[[row, $0]] }
                var line = [row] + cells.map { withError($0?.mean, $0?.standardError, "%.1f") }
                if let last = cells.last {
                    line += [
                        withError(last?.difference, last?.differenceStandardError, "%+.2f"),
                        printed(last?.p, "%.3f"), last.map(Self.direction) ?? "-",
                    ]
                }
                return line + costs(row)
            }
    }

    /// The lines as CSV, the caption above them after `#`.
    public var csv: String { caption.map { "# \($0)\n" }.joined() + CSV.text(lines) }

    /// The table for people: means, and for the last score column its standard error, the difference from the
    /// baseline, its p and direction.
    public var text: String {
        var head = ["row"] + scores.map(Self.title)
        if let last = scores.last { head += ["±", "Δ \(Self.title(last))", "±", "p", "direction"] }
        let lines = rows.map { row in
            let cells = scores.map { self.cells[[row, $0]] }
            var line = [row] + cells.map { printed($0?.mean) }
            if let last = cells.last {
                line += [
                    printed(last?.standardError, "%.2f"), printed(last?.difference, "%+.2f"),
                    printed(last?.differenceStandardError, "%.2f"), printed(last?.p, "%.3f"),
                    last.map(Self.direction) ?? "-",
                ]
            }
            return line + costs(row)
        }
        return TextTable.aligned([head + costTitles] + lines) + caption.map { "\($0)\n" }.joined()
    }

    /// Which way a row differs from the baseline, and what the paper says of it: `above, as in the paper`.
    public static func direction(_ cell: ComparisonCell) -> String {
        if cell.row == cell.baseline { return "baseline" }
        guard let difference = cell.difference, let p = cell.p else { return "-" }
        let found: ComparisonCell.Direction? =
            p < significance && difference != 0 ? difference > 0 ? .above : .below : nil
        guard let paper = cell.paper else { return found?.rawValue ?? "not significant" }
        guard let found else { return "not significant (paper: \(paper.rawValue))" }
        return found == paper ? "\(found.rawValue), as in the paper" : "\(found.rawValue), unlike the paper"
    }

    private var costTitles: [String] {
        showsCosts ? ["seconds", "s/step", "teacher s", "rows/sample", "peak MB"] : []
    }

    private func costs(_ row: String) -> [String] {
        guard showsCosts else { return [] }
        return zip(RunScores.costs, ["%.1f", "%.3f", "%.1f", "%.1f", "%.0f"]).map { column, format in
            let mean = cells[[row, column]]?.mean
            return printed(column == "peak_resident_bytes" ? mean.map { $0 / 1e6 } : mean, format)
        }
    }

    private static func title(_ column: String) -> String {
        column == "average" ? "AVG" : BenchmarkList.all.first { $0.name == column }?.title ?? column
    }

    private func withError(_ value: Double?, _ error: Double?, _ format: String) -> String {
        printed(value, format) + (error.map { String(format: " ± %.2f", $0) } ?? "")
    }

    private func printed(_ value: Double?, _ format: String = "%.1f") -> String {
        value.map { String(format: format, $0) } ?? "-"
    }
}
