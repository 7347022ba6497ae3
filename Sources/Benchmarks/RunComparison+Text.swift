import Foundation

extension RunComparison {
    /// Tidy CSV, a line for each row and column of the table.
    public func csv() throws -> String {
        let header =
            "row,column,baseline,seeds,mean,standard_error,difference,difference_standard_error,test,statistic,degrees_of_freedom,p"
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        let lines = try cells().map { cell in
            var test = ["", "", ""]
            switch cell.test {
            case .pairedT(let found): test = ["paired t", "\(found.t)", "\(found.degreesOfFreedom)"]
            case .mcNemar(let found): test = ["mcnemar", "\(found.wins)/\(found.losses)", ""]
            case nil: break
            }
            let fields =
                [
                    cell.row, cell.column, baseline, "\(cell.seeds)", number(cell.value?.mean),
                    number(cell.value?.standardError), number(cell.difference?.mean),
                    number(cell.difference?.standardError),
                ] + test + [number(cell.test?.p)]
            return fields.map(quoted).joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n") + "\n"
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
        if showsCosts { table[0] += ["seconds", "s/step", "teacher s", "rows/sample", "peak MB"] }
        for row in rows {
            let cells = try scores.map { try cell(row, $0) }
            var line = [row.name] + cells.map { printed($0.value?.mean) }
            if let last = cells.last {
                line += [
                    printed(last.value?.standardError, "%.2f"), printed(last.difference?.mean, "%+.2f"),
                    printed(last.difference?.standardError, "%.2f"), printed(last.test?.p, "%.3f"),
                ]
            }
            if showsCosts {
                let formats = ["%.1f", "%.3f", "%.1f", "%.1f", "%.0f"]
                line += try zip(RunScores.costs, formats).map { column, format in
                    let mean = try cell(row, column).value?.mean
                    return printed(column == "peak_resident_bytes" ? mean.map { $0 / 1e6 } : mean, format)
                }
            }
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
