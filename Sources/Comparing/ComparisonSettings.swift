import Benchmarks
import Files
import Records
import Settings

/// A comparison: its rows, the row they are tested against, and what the paper has for them.
public struct ComparisonSettings: Recipe, Equatable {
    @Setting("What is compared, for the caption.") public var title = ""
    @Setting("The row that the others are tested against.", null: "nothing is tested")
    public var baseline: String?
    @Setting(
        "Columns, those with published numbers first: benchmarks by name, average, and what is listed in "
            + "docs/results.md, Columns. None: the benchmarks that were asked and their average, with the "
            + "paper's six and their average published.")
    public var columns: [String] = []
    @Setting("Units of the published numbers, a column each, where they are not those of our columns.")
    public var publishedUnits: [String] = []
    @Setting(
        "Rows in order. row: our run, the recipes it is made of joined by +. paper: the row of the paper's "
            + "table. published: its numbers. published_text: what it has instead of numbers. against: a "
            + "baseline of its own. expected: the side of the baseline, where the paper has it without "
            + "numbers.")
    public var rows: [ComparedRow] = []
    @Setting("What else is made of every row: efficiency, exposure.") public var also: [Addition] = []
    @Setting("What else is to be said, below the table.") public var remarks: [String] = []

    /// What Make makes of a row besides its scores.
    public enum Addition: String, Sendable, Codable, CaseIterable { case efficiency, exposure }

    public init() {}

    /// Names of our rows.
    public var names: [String] { rows.compactMap(\.row) }

    /// The baseline of a row; none where it is a row that is left out.
    public func baseline(of row: ComparedRow) -> String? {
        (row.against ?? baseline).flatMap { names.contains($0) ? $0 : nil }
    }

    /// Columns that published numbers stand in.
    public var publishedColumns: [String] {
        columns.isEmpty ? BenchmarkList.paper.map { $0.name } + ["average"] : columns
    }

    /// The comparison without some of our rows; the paper's stay, and the remarks say why.
    ///
    /// - Parameter reasons: by row
    public func leavingOut(_ reasons: [String: String]) -> ComparisonSettings {
        func isKept(_ row: String?) -> Bool { row.map { reasons[$0] == nil } ?? true }
        var other = self
        other.rows = rows.compactMap { row in
            var kept = row
            if !isKept(row.row) { kept.row = nil }
            return kept.row == nil && kept.paper == nil ? nil : kept
        }
        if !isKept(baseline) { other.baseline = nil }
        other.remarks += names.compactMap { name in
            reasons[name].map { "\(name) is left out: \($0)." }
        }
        let untested = other.rows.filter { !isKept($0.against) }.compactMap(\.row)
        if !untested.isEmpty {
            other.remarks.append(
                "What \(untested.joined(separator: ", ")) would be tested against is left out.")
        }
        return other
    }

    public func validate() throws {
        let listed = names.joined(separator: ", ")
        guard Set(names).count == names.count else {
            throw SettingProblem("rows", "names a row twice: \(listed)")
        }
        let published = rows.filter { $0.row == nil }.compactMap(\.paper)
        guard Set(published).count == published.count else {
            throw SettingProblem(
                "rows", "has a row of the paper alone twice: \(published.joined(separator: ", "))")
        }
        for column in columns {
            guard column != "average", !BenchmarkList.isKnown(column), MeasuredColumn.named(column) == nil
            else { continue }
            let known = BenchmarkList.paper.map { $0.name } + ["average"] + MeasuredColumn.all.map { $0.name }
            throw SettingProblem(
                "columns", "has '\(column)', expected some of \(known.joined(separator: ", "))")
        }
        guard publishedUnits.count <= publishedColumns.count else {
            throw SettingProblem(
                "published_units",
                "has \(publishedUnits.count) units, expected at most \(publishedColumns.count)")
        }
        if let baseline, !names.contains(baseline) {
            throw SettingProblem("baseline", "is '\(baseline)', expected one of \(listed)")
        }
        for (index, row) in rows.enumerated() {
            if let against = row.against, !names.contains(against) {
                throw SettingProblem(
                    "rows[\(index)].against", "is '\(against)', expected one of \(listed)")
            }
            for (key, count) in [
                ("published", row.published.count), ("published_text", row.publishedText.count),
            ] where count > publishedColumns.count {
                throw SettingProblem(
                    "rows[\(index)].\(key)",
                    "has \(count) values, expected at most \(publishedColumns.count): "
                        + publishedColumns.joined(separator: ", "))
            }
        }
    }
}

/// A row of a comparison: ours, the paper's, or both.
public struct ComparedRow: Recipe, Equatable {
    @Setting("Our run: the recipes it is made of, joined by +.", null: "the paper's row has none of ours")
    public var row: String?
    @Setting("Row of the paper's table, by its own name.", null: "the paper has no such row")
    public var paper: String?
    @Setting("Its numbers, by column; null where the paper has none.") public var published: [Double?] = []
    @Setting("What the paper has instead of numbers, by column.") public var publishedText: [String] = []
    @Setting("The row that this one is tested against.", null: "the table's baseline")
    public var against: String?
    @Setting("Side of the baseline on which the paper has it, where its numbers do not say so.")
    public var expected: ComparisonCell.Direction?

    public init() {}

    public init(row: String?, paper: String? = nil, published: [Double?] = []) {
        (self.row, self.paper, self.published) = (row, paper, published)
    }

    public func validate() throws {
        if row == nil, paper == nil {
            throw SettingProblem("row", "is not set, and neither is 'paper': whose row is it?")
        }
        if let row, row.isEmpty || row.hasPrefix("/") || row.hasPrefix(".") {
            throw SettingProblem("row", "is '\(row)', expected the name of a folder below --runs")
        }
        for (key, text) in [("row", row), ("paper", paper)] {
            if let text, FileName.hasControls(text) {
                throw SettingProblem(key, "is \(text.debugDescription), expected a name of one line")
            }
        }
    }
}
