import Benchmarks
import Files
import Foundation
import Records

/// The table of a comparison, made from its cells: our rows, each with the paper's below it.
public struct ComparisonTable {
    private let cells: [[String]: ComparisonCell]
    /// Our row and the paper's, either of which may be empty.
    private let rows: [[String]]
    private let columns: [String]
    private let settings: ComparisonSettings
    private let titles: [String: String]
    private let replicates: Int
    /// The score whose differences are shown: the last; nil where nothing is tested.
    private let tested: String?
    /// Row that costs are shown as multiples of.
    private let base: [String]?

    /// The p below which a difference has a direction.
    public static let significance = 0.05

    /// A line of the table.
    public struct Line: Equatable, Sendable {
        public let cells: [String]
        /// Whether the numbers are the paper's.
        public let isPaper: Bool
    }

    /// - Parameters:
    ///   - cells: all of the comparison, row by row
    ///   - titles: of benchmarks instead of their own, by name
    public init(
        _ cells: [ComparisonCell], _ settings: ComparisonSettings = ComparisonSettings(),
        titles: [String: String] = [:]
    ) {
        func inOrder<Key: Hashable>(_ keys: [Key]) -> [Key] {
            var seen: Set<Key> = []
            return keys.filter { seen.insert($0).inserted }
        }
        self.cells = Dictionary(cells.map { (Self.key($0) + [$0.column], $0) }) { $1 }
        rows = inOrder(cells.map(Self.key))
        columns = inOrder(cells.map(\.column)).filter { MeasuredColumn.named($0)?.title != "" }
        (self.settings, self.titles) = (settings, titles)
        replicates = cells.map(\.seeds).max() ?? 0
        tested =
            cells.contains { !$0.baseline.isEmpty }
            ? columns.last { MeasuredColumn.named($0) == nil } : nil
        let baseline = cells.first { !$0.baseline.isEmpty }?.baseline
        base = rows.first { $0[0] == baseline } ?? rows.first { !$0[0].isEmpty }
    }

    private static func key(_ cell: ComparisonCell) -> [String] { [cell.row, cell.paperRow ?? ""] }

    private func cell(_ row: [String], _ column: String) -> ComparisonCell? { cells[row + [column]] }

    private var hasPaper: Bool { cells.values.contains { $0.published != nil || $0.publishedText != nil } }

    /// Whether several rows are tested, so that their p need correction.
    private var isCorrected: Bool {
        cells.values.count { $0.column == tested && $0.p != nil } > 1
    }

    /// What is compared, where that was said, and how.
    public var caption: [String] {
        var said = settings.title.isEmpty ? [] : ["\(settings.title)."]
        if let tested {
            let (test, shown) =
                replicates > 1
                ? (
                    "a paired t test over replicates",
                    "\(replicates) replicates: mean, standard error; Δ and p"
                )
                : (
                    tested == "average"
                        ? "flips of signs over questions" : "McNemar's exact test over questions",
                    "1 replicate: p"
                )
            var baselines: [String: [String]] = [:]
            for cell in cells.values where cell.column == tested && !cell.row.isEmpty {
                baselines[cell.baseline, default: []].append(cell.row)
            }
            let first = rows.lazy.compactMap { self.cell($0, tested)?.baseline }.first { !$0.isEmpty }
            let main = settings.baseline ?? first ?? ""
            let others = baselines.filter { $0.key != main && $0.value != [$0.key] }.sorted {
                $0.key < $1.key
            }
            .map { baseline, rows in
                "; \(rows.filter { $0 != baseline }.sorted().joined(separator: ", ")) against '\(baseline)'"
            }.joined()
            said.append(
                "\(shown) against '\(main)'\(others) by \(test); a direction has p < \(Self.significance).")
            if replicates > 1 {
                said.append(
                    (isCorrected ? "Holm: p corrected for the number of rows. " : "")
                        + "sign p: sign test over replicates. for 1, 2, 5: replicates with which a true "
                        + "difference of so many points would be found four times in five, by the spread of "
                        + "these.")
            } else if isCorrected {
                said.append("Holm: p corrected for the number of rows.")
            }
        } else if !settings.title.isEmpty, replicates > 1 {
            said.append("Means over \(replicates) replicates.")
        }
        if hasPaper {
            said.append(
                "Rows 'paper:' are as published, of other models and data: what can be compared is the sign "
                    + "of a difference.")
        }
        if columns.contains("saliency_layer"), rows.contains(where: isMostRelevant) {
            said.append("*: the layer of the highest IRS.")
        }
        // A line each, whatever a recipe has.
        return (said + settings.remarks).map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
    }

    /// Where a table is read.
    private enum Form {
        /// In a terminal: standard errors have columns of their own.
        case text
        /// Cells are `mean ± standard error`.
        case spreadsheet
        /// Errors stand where something is tested, and the direction beside the difference, so that it is
        /// seen without scrolling.
        case page
    }

    /// The table for a spreadsheet, its head first.
    public var lines: [Line] { made(.spreadsheet) }

    /// The table for a page, its head first.
    public var pageLines: [Line] { made(.page) }

    /// The lines as CSV, the caption above them after `#`.
    public var csv: String { caption.map { "# \($0)\n" }.joined() + CSV.text(lines.map(\.cells)) }

    /// The table for people: means, and standard errors of the score that is tested and of its differences.
    public var text: String {
        TextTable.aligned(made(.text).map(\.cells)).replacing(#/ +\n/#, with: "\n")
            + caption.map { "\($0)\n" }.joined()
    }

    private func made(_ form: Form) -> [Line] {
        [Line(cells: head(form), isPaper: false)]
            + rows.flatMap { row in
                let paper = hasPaper && !row[1].isEmpty ? [paperLine(row, form)] : []
                return (row[0].isEmpty ? [] : [ourLine(row, form)]) + paper
            }
    }

    /// The last columns of a table that tests something.
    private func conclusion(
        _ difference: [String], _ tests: [String], direction: String, _ form: Form
    ) -> [String] {
        form == .page ? difference + [direction] + tests : difference + tests + [direction]
    }

    private func head(_ form: Form) -> [String] {
        let shown = columns.flatMap { column -> [String] in
            let title = title(column)
            if column == tested, form == .text { return [title, "±"] }
            return hasRatio(column) ? [title, "× \(base?[0] ?? "")"] : [title]
        }
        guard let tested else { return ["row"] + shown }
        return ["row"] + shown
            + conclusion(
                ["Δ \(title(tested))"] + (form == .text ? ["±"] : []),
                ["p"] + (isCorrected ? ["Holm"] : []) + (replicates > 1 ? ["sign p", "for 1, 2, 5"] : []),
                direction: "direction", form)
    }

    private func ourLine(_ row: [String], _ form: Form) -> Line {
        var line = [row[0]]
        for column in columns {
            let cell = cell(row, column)
            if let measured = MeasuredColumn.named(column) {
                let mark = column == "saliency_layer" && isMostRelevant(row) ? " *" : ""
                line.append(
                    printed(cell?.mean.map { $0 * measured.scale }, "%.\(measured.decimals)f") + mark)
                if hasRatio(column) {
                    line.append(
                        printed(ratio(cell?.mean, base.flatMap { self.cell($0, column)?.mean }), "%.2f"))
                }
            } else if form == .spreadsheet || form == .page && column == tested {
                line.append(withError(cell?.mean, cell?.standardError, "%.1f"))
            } else {
                line.append(printed(cell?.mean))
                if column == tested, form == .text { line.append(printed(cell?.standardError, "%.2f")) }
            }
        }
        guard let tested else { return Line(cells: line, isPaper: false) }
        let cell = cell(row, tested)
        let difference =
            form == .text
            ? [printed(cell?.difference, "%+.2f"), printed(cell?.differenceStandardError, "%.2f")]
            : [withError(cell?.difference, cell?.differenceStandardError, "%+.2f")]
        var tests = [printed(cell?.p, "%.3f")]
        if isCorrected { tests.append(printed(cell?.holmP, "%.3f")) }
        if replicates > 1 { tests += [printed(cell?.signP, "%.3f"), cell.map(Self.needed) ?? "-"] }
        line += conclusion(difference, tests, direction: cell.map(Self.direction) ?? "-", form)
        return Line(cells: line, isPaper: false)
    }

    private func paperLine(_ row: [String], _ form: Form) -> Line {
        var line = [(form == .text ? "  " : "") + "paper: \(row[1])"]
        for column in columns {
            let cell = cell(row, column)
            let unit = settings.publishedColumns.firstIndex(of: column).flatMap {
                settings.publishedUnits.indices.contains($0) ? settings.publishedUnits[$0] : nil
            }
            let number = cell?.published.map { value in
                MeasuredColumn.named(column) == nil ? printed(value) : JSONValue.number(value).text(.line)
            }
            let withUnit = number.map { [$0, unit].compactMap { $0 }.joined(separator: " ") }
            line.append(cell?.publishedText ?? withUnit ?? "-")
            if hasRatio(column) {
                let other = base.flatMap { self.cell($0, column)?.published }
                line.append(printed(ratio(cell?.published, other), "%.2f"))
            }
            if column == tested, form == .text { line.append("") }
        }
        guard let tested else { return Line(cells: line, isPaper: true) }
        line.append(printed(cell(row, tested)?.publishedDifference, "%+.1f"))
        let rest = (form == .text ? 1 : 0) + 1 + (isCorrected ? 1 : 0) + (replicates > 1 ? 2 : 0) + 1
        return Line(cells: line + Array(repeating: "", count: rest), isPaper: true)
    }

    /// Which way a row differs from the baseline, and what the paper says of it: `above, as in the paper`.
    public static func direction(_ cell: ComparisonCell) -> String {
        if cell.row == cell.baseline { return "baseline" }
        guard let difference = cell.difference, let p = cell.p else { return "-" }
        let side: ComparisonCell.Direction? = difference == 0 ? nil : difference > 0 ? .above : .below
        guard p < significance, let side, side == cell.tested else {
            guard let paper = cell.paper, let side else { return "not significant" }
            return "not significant, sign \(side == paper ? "as in" : "unlike") the paper"
        }
        guard let paper = cell.paper else { return side.rawValue }
        return "\(side.rawValue), \(side == paper ? "as in" : "unlike") the paper"
    }

    /// Replicates that differences of 1, 2 and 5 points need, by the spread of this one.
    static func needed(_ cell: ComparisonCell) -> String {
        guard let error = cell.differenceStandardError else { return "-" }
        let deviation = error * Double(cell.seeds).squareRoot()
        return [1.0, 2, 5].map {
            let count = replicatesNeeded(difference: $0, deviation: deviation)
            return count < 10_000 ? "\(count)" : "> 9999"
        }.joined(separator: ", ")
    }

    /// Costs that the paper has numbers of are shown as multiples too: its machine is another.
    private func hasRatio(_ column: String) -> Bool {
        MeasuredColumn.named(column) != nil
            && cells.values.contains { $0.column == column && $0.published != nil }
    }

    private func ratio(_ value: Double?, _ base: Double?) -> Double? {
        guard let value, let base, base != 0 else { return nil }
        return value / base
    }

    private func isMostRelevant(_ row: [String]) -> Bool {
        guard let layer = cell(row, "saliency_layer")?.mean else { return false }
        return cell(row, "most_relevant_layer")?.mean == layer
    }

    private func title(_ column: String) -> String {
        if column == "average" { return "AVG" }
        return titles[column] ?? MeasuredColumn.named(column)?.title
            ?? BenchmarkList.title(of: column)
    }

    private func withError(_ value: Double?, _ error: Double?, _ format: String) -> String {
        printed(value, format) + (error.map { String(format: " ± %.2f", $0) } ?? "")
    }

    private func printed(_ value: Double?, _ format: String = "%.1f") -> String {
        value.map { String(format: format, $0) } ?? "-"
    }
}
