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
                ] + test + [("p", JSONValue(cell.test?.p))]
            return JSONValue.object(JSONObject(members.map { (name: $0.0, value: $0.1) })).encoded() + "\n"
        }.joined()
    }

    /// The table for a spreadsheet or a page: a caption after `#`, then a line a row, cells `mean ± standard error`.
    public func csv(showsCosts: Bool = false) throws -> String {
        let scores = columns.filter { !RunScores.costs.contains($0) }
        var head = ["row"] + scores.map(title)
        if let last = scores.last { head += ["Δ \(title(last))", "p"] }
        if showsCosts { head += Self.costTitles }
        let lines = try rows.map { row in
            let cells = try scores.map { try cell(row, $0) }
            var line = [row.name] + cells.map { withError($0.value, "%.1f") }
            if let last = cells.last {
                line += [withError(last.difference, "%+.2f"), printed(last.test?.p, "%.3f")]
            }
            return try line + (showsCosts ? costs(row) : [])
        }
        return "# \(footnote)\n"
            + ([head] + lines).map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
    }

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

    private func quoted(_ field: String) -> String {
        guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
        return "\"\(field.replacing(every: "\"", with: "\"\""))\""
    }

    /// For people: means, and for the last score column its standard error, the difference from the baseline and its p.
    ///
    /// - Parameter showsCosts: also what the runs cost
    public func text(showsCosts: Bool = false) throws -> String {
        let scores = columns.filter { !RunScores.costs.contains($0) }
        var table = [["row"] + scores.map(title)]
        if let last = scores.last {
            table[0] += ["±", "Δ \(title(last))", "±", "p"]
        }
        if showsCosts { table[0] += Self.costTitles }
        for row in rows {
            let cells = try scores.map { try cell(row, $0) }
            var line = [row.name] + cells.map { printed($0.value?.mean) }
            if let last = cells.last {
                line += [
                    printed(last.value?.standardError, "%.2f"), printed(last.difference?.mean, "%+.2f"),
                    printed(last.difference?.standardError, "%.2f"), printed(last.test?.p, "%.3f"),
                ]
            }
            if showsCosts { line += try costs(row) }
            table.append(line)
        }
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { line in
            zip(line, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + space : space + cell.0
            }.joined(separator: "  ")
        }.joined(separator: "\n") + "\n\(footnote)\n"
    }

    private var footnote: String {
        let seeds = rows.first?.runs.count ?? 0
        return seeds > 1
            ? "\(seeds) seeds: mean, standard error; Δ and p against '\(baseline)' by a paired t test over seeds"
            : "1 seed: p against '\(baseline)' by McNemar's exact test over questions"
    }

    private func title(_ column: String) -> String {
        column == "average" ? "AVG" : BenchmarkList.all.first { $0.name == column }?.title ?? column
    }

    private func printed(_ value: Double?, _ format: String = "%.1f") -> String {
        value.map { String(format: format, $0) } ?? "-"
    }
}
