import Files
import Foundation

extension RunComparison {
    /// A line of JSON for each row and column, numbers in full; null is undefined.
    public func lines() throws -> String {
        try cells().map { cell in
            var test: [(String, JSONValue)] = []
            switch cell.test {
            case .pairedT(let found):
                test = [
                    ("test", "paired t"), ("t", JSONValue(found.t)),
                    ("degrees_of_freedom", .int(found.degreesOfFreedom)),
                ]
            case .mcNemar(let found):
                test = [("test", "mcnemar"), ("wins", .int(found.wins)), ("losses", .int(found.losses))]
            case nil: break
            }
            let members: [(String, JSONValue)] =
                [
                    ("row", .string(cell.row)), ("column", .string(cell.column)),
                    ("baseline", .string(baseline)), ("seeds", .int(cell.seeds)),
                    ("mean", JSONValue(cell.value?.mean)),
                    ("standard_error", JSONValue(cell.value?.standardError)),
                    ("difference", JSONValue(cell.difference?.mean)),
                    ("difference_standard_error", JSONValue(cell.difference?.standardError)),
                ] + test + [
                    ("p", JSONValue(cell.test?.p)),
                    ("paper", published[cell.row].map { .string($0.rawValue) } ?? .null),
                ]
            return JSONValue.object(JSONObject(members.map { (name: $0.0, value: $0.1) })).encoded() + "\n"
        }.joined()
    }

    /// The table for a spreadsheet or a page: a caption after `#`, then a line a row, cells `mean ± standard
    /// error`.
    public func csv(showsCosts: Bool = false) throws -> String {
        var head = ["row"] + scores.map(title)
        if let last = scores.last { head += ["Δ \(title(last))", "p", "direction"] }
        if showsCosts { head += Self.costTitles }
        let lines = try rows.map { row in
            let cells = try scores.map { try cell(row, $0) }
            var line = [row.name] + cells.map { withError($0.value, "%.1f") }
            if let last = cells.last {
                line += [
                    withError(last.difference, "%+.2f"), printed(last.test?.p, "%.3f"), direction(last),
                ]
            }
            return try line + (showsCosts ? costs(row) : [])
        }
        return caption.map { "# \($0)\n" }.joined() + CSV.text([head] + lines)
    }

    /// For people: means, and for the last score column its standard error, the difference from the baseline,
    /// its p and direction.
    ///
    /// - Parameter showsCosts: also what the runs cost
    public func text(showsCosts: Bool = false) throws -> String {
        var table = [["row"] + scores.map(title)]
        if let last = scores.last {
            table[0] += ["±", "Δ \(title(last))", "±", "p", "direction"]
        }
        if showsCosts { table[0] += Self.costTitles }
        for row in rows {
            let cells = try scores.map { try cell(row, $0) }
            var line = [row.name] + cells.map { printed($0.value?.mean) }
            if let last = cells.last {
                line += [
                    printed(last.value?.standardError, "%.2f"), printed(last.difference?.mean, "%+.2f"),
                    printed(last.difference?.standardError, "%.2f"), printed(last.test?.p, "%.3f"),
                    direction(last),
                ]
            }
            if showsCosts { line += try costs(row) }
            table.append(line)
        }
        return TextTable.aligned(table) + caption.map { "\($0)\n" }.joined()
    }

    /// Which way a row differs from the baseline, and what the paper says of it: `above, as in the paper`.
    public func direction(_ cell: Cell) -> String {
        if cell.row == baseline { return "baseline" }
        guard let difference = cell.difference?.mean, let p = cell.test?.p else { return "-" }
        let found: Direction? =
            p < Self.significance && difference != 0 ? difference > 0 ? .above : .below : nil
        guard let paper = published[cell.row] else { return found?.rawValue ?? "not significant" }
        guard let found else { return "not significant (paper: \(paper.rawValue))" }
        return found == paper ? "\(found.rawValue), as in the paper" : "\(found.rawValue), unlike the paper"
    }

    private var scores: [String] { columns.filter { !RunScores.costs.contains($0) } }

    private func withError(_ value: MeanAndError?, _ format: String) -> String {
        printed(value?.mean, format) + (value?.standardError.map { String(format: " ± %.2f", $0) } ?? "")
    }

    private static let costTitles = ["seconds", "s/step", "teacher s", "rows/sample", "peak MB"]

    private func costs(_ row: Row) throws -> [String] {
        try zip(RunScores.costs, ["%.1f", "%.3f", "%.1f", "%.1f", "%.0f"]).map { column, format in
            let mean = try cell(row, column).value?.mean
            return printed(column == "peak_resident_bytes" ? mean.map { $0 / 1e6 } : mean, format)
        }
    }

    /// What is compared, where that was said, and how.
    private var caption: [String] {
        let seeds = rows.first?.runs.count ?? 0
        let how =
            seeds > 1
            ? "\(seeds) seeds: mean, standard error; Δ and p against '\(baseline)' by a paired t test over seeds; a direction has p < \(Self.significance)."
            : "1 seed: p against '\(baseline)' by McNemar's exact test over questions; a direction has p < \(Self.significance)."
        return (title.isEmpty ? [] : ["\(title)."]) + [how]
    }

    private func title(_ column: String) -> String {
        column == "average" ? "AVG" : BenchmarkList.all.first { $0.name == column }?.title ?? column
    }

    private func printed(_ value: Double?, _ format: String = "%.1f") -> String {
        value.map { String(format: format, $0) } ?? "-"
    }
}
