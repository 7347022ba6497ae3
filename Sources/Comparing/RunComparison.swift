import Benchmarks
import Records

/// Rows of a comparison, each run in several replicates, against their baselines.
///
/// With two replicates or more the test is a paired t test over them, with a sign test beside it: replicate r
/// of a row shares the student's start and the order of the data with replicate r of the baseline. With one
/// it is McNemar's exact test over questions (`SignTest`): that tells two models apart, not two objectives.
public struct RunComparison: Sendable {
    public let settings: ComparisonSettings
    /// Runs of our rows by name, in the order of the replicates.
    private let runs: [String: [RunScores]]
    /// Benchmarks in the table's order, then `average` where all of the paper's were asked; or those that
    /// the settings name.
    public let columns: [String]

    /// - Parameter runs: of our rows, equally many of each
    public init(_ settings: ComparisonSettings, runs: [String: [RunScores]]) {
        (self.settings, self.runs) = (settings, runs)
        let scored = Set(runs.values.joined().flatMap(\.scored))
        let average = BenchmarkList.paper.allSatisfy { scored.contains($0.name) } ? ["average"] : []
        columns =
            settings.columns.isEmpty
            ? BenchmarkList.inOrder(scored.filter(BenchmarkList.isKnown)) + average
            : settings.columns + (settings.columns.contains("saliency_layer") ? ["most_relevant_layer"] : [])
    }

    /// All cells, row by row.
    ///
    /// - Throws: `ComparingError.otherQuestions`
    public func cells() throws -> [ComparisonCell] {
        var cells = try settings.rows.flatMap { row in try columns.map { try cell(row, $0) } }
        for column in columns {
            let tested = cells.indices.filter { cells[$0].column == column && cells[$0].p != nil }
            let corrected = holm(tested.compactMap { cells[$0].p })
            for (index, p) in zip(tested, corrected) { cells[index].holmP = p }
        }
        return cells
    }

    private func cell(_ row: ComparedRow, _ column: String) throws -> ComparisonCell {
        let baseline = settings.baseline(of: row)
        let published = published(row, column)
        let base = baseline.flatMap { name in settings.rows.first { $0.row == name && name != row.row } }
        let publishedDifference =
            row.row == nil
            ? nil
            : base.flatMap { self.published($0, column) }.flatMap { other in
                published.map { $0 - other }
            }
        let paper: ComparisonCell.Direction? =
            switch publishedDifference {
            case let difference? where difference > 1e-9: .above
            case let difference? where difference < -1e-9: .below
            case _?: nil
            case nil: base == nil ? nil : row.expected
            }
        var cell = ComparisonCell(
            row: row.row ?? "", column: column, baseline: baseline ?? "",
            seeds: row.row.flatMap { runs[$0]?.count } ?? 0, paper: paper)
        (cell.paperRow, cell.published) = (row.paper, published)
        cell.publishedDifference = publishedDifference
        if let index = settings.publishedColumns.firstIndex(of: column),
            row.publishedText.indices.contains(index)
        {
            cell.publishedText = row.publishedText[index]
        }
        guard let name = row.row, let mine = runs[name] else { return cell }
        let values = mine.compactMap { $0.values[column] }
        guard !values.isEmpty, values.count == mine.count else { return cell }
        let value = MeanAndError(values)
        (cell.mean, cell.standardError) = (value.mean, value.standardError)
        guard let baseline, name != baseline, MeasuredColumn.named(column) == nil,
            let others = runs[baseline]
        else { return cell }
        let pairs = zip(values, others.compactMap { $0.values[column] }).map { $0 - $1 }
        guard pairs.count == values.count else { return cell }
        let units = try zip(mine, others).map { try self.units(name, $0, baseline, $1, column) }
        let difference = MeanAndError(pairs)
        (cell.difference, cell.differenceStandardError) = (difference.mean, difference.standardError)
        if let found = PairedTTest(pairs) {
            // Differences equal to the last digit are one result counted twice, or too few questions.
            guard found.t.isFinite else { return cell }
            (cell.test, cell.p) = (.pairedT, found.p)
            (cell.t, cell.degreesOfFreedom) = (found.t, found.degreesOfFreedom)
            let signs = SignTest(wins: pairs.count { $0 > 0 }, losses: pairs.count { $0 < 0 })
            (cell.wins, cell.losses, cell.signP) = (signs.wins, signs.losses, signs.p)
        } else if let only = units.first {
            testQuestions(only, &cell)
        }
        return cell
    }

    private func published(_ row: ComparedRow, _ column: String) -> Double? {
        guard let index = settings.publishedColumns.firstIndex(of: column),
            row.published.indices.contains(index)
        else { return nil }
        return row.published[index]
    }

    /// Credits of what the column's headlines count, of one replicate of a row and of its baseline, benchmark
    /// by benchmark.
    ///
    /// - Throws: `ComparingError.otherQuestions`
    private func units(
        _ row: String, _ mine: RunScores, _ baseline: String, _ theirs: RunScores, _ column: String
    ) throws -> [(mine: [Double], theirs: [Double])] {
        let benchmarks = column == "average" ? BenchmarkList.paper.map { $0.name } : [column]
        return try benchmarks.map { benchmark in
            let (mine, theirs) = (
                HeadlineUnits(mine.items[benchmark] ?? [], of: benchmark),
                HeadlineUnits(theirs.items[benchmark] ?? [], of: benchmark)
            )
            guard mine.names == theirs.names else {
                throw ComparingError.otherQuestions(row: row, baseline: baseline, column: column)
            }
            return (mine: mine.credits, theirs: theirs.credits)
        }
    }

    /// Tests the only replicate; not where no question is known.
    private func testQuestions(
        _ pairs: [(mine: [Double], theirs: [Double])], _ cell: inout ComparisonCell
    ) {
        let isAverage = cell.column == "average"
        guard pairs.allSatisfy({ !$0.mine.isEmpty }) else { return }
        let signs = SignTest(pairs.flatMap(\.mine), pairs.flatMap(\.theirs))
        (cell.wins, cell.losses) = (signs.wins, signs.losses)
        if isAverage {
            let found = SignFlipTest(pairs.map { zip($0.mine, $0.theirs).map { $0 - $1 } })
            (cell.test, cell.p, cell.z) = (.signFlips, found.p, found.z)
        } else {
            (cell.test, cell.p) = (.mcnemar, signs.p)
        }
    }
}
