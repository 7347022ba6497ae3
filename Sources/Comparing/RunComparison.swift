import Benchmarks
import Records

/// Rows of an ablation table, each run with several seeds, against a baseline row.
///
/// With two seeds or more the test is a paired t test over seeds: seed s of a row shares the order of the
/// data with seed s of the baseline. With one seed it is McNemar's exact test over questions (`SignTest`):
/// that tells two models apart, not two objectives.
public struct RunComparison: Sendable {
    public struct Row: Sendable {
        public let name: String
        /// Runs in the order of the seeds.
        public let runs: [RunScores]

        public init(name: String, runs: [RunScores]) { (self.name, self.runs) = (name, runs) }
    }

    public let rows: [Row]
    public let baseline: String
    /// Sides of the baseline that the paper has rows on.
    public let published: [String: ComparisonCell.Direction]
    /// Benchmarks in the table's order, then `average` where there is one, then costs.
    public let columns: [String]

    /// - Parameters:
    ///   - rows: with equally many runs
    ///   - baseline: the name of one of them
    ///   - published: rows of which the paper says on which side of the baseline they are
    /// - Throws: `ComparingError.noBaseline`
    public init(
        rows: [Row], baseline: String, published: [String: ComparisonCell.Direction] = [:]
    ) throws {
        guard rows.contains(where: { $0.name == baseline }) else {
            throw ComparingError.noBaseline(baseline, rows: rows.map(\.name))
        }
        (self.rows, self.baseline, self.published) = (rows, baseline, published)
        let known = Set(rows.flatMap(\.runs).flatMap(\.values.keys))
        columns = (BenchmarkList.all.map { $0.name } + ["average"] + RunScores.costs).filter(known.contains)
    }

    /// All cells, row by row.
    ///
    /// - Throws: `ComparingError.otherQuestions`
    public func cells() throws -> [ComparisonCell] {
        try rows.flatMap { row in try columns.map { try cell(row, $0) } }
    }

    private func cell(_ row: Row, _ column: String) throws -> ComparisonCell {
        var cell = ComparisonCell(
            row: row.name, column: column, baseline: baseline, seeds: row.runs.count,
            paper: published[row.name])
        let values = row.runs.compactMap { $0.values[column] }
        guard !values.isEmpty, values.count == row.runs.count else { return cell }
        let value = MeanAndError(values)
        (cell.mean, cell.standardError) = (value.mean, value.standardError)
        let others = rows.first { $0.name == baseline }?.runs ?? []
        let pairs = zip(values, others.compactMap { $0.values[column] }).map { $0 - $1 }
        guard row.name != baseline, !RunScores.costs.contains(column), pairs.count == values.count else {
            return cell
        }
        let difference = MeanAndError(pairs)
        (cell.difference, cell.differenceStandardError) = (difference.mean, difference.standardError)
        if let found = PairedTTest(pairs) {
            (cell.test, cell.p) = (.pairedT, found.p)
            (cell.t, cell.degreesOfFreedom) = (found.t, found.degreesOfFreedom)
        } else if let found = try questionTest(row, others, column) {
            (cell.test, cell.p) = (.mcnemar, found.p)
            (cell.wins, cell.losses) = (found.wins, found.losses)
        }
        return cell
    }

    /// McNemar's test of the only seed; nil where no question is known.
    private func questionTest(_ row: Row, _ others: [RunScores], _ column: String) throws -> SignTest? {
        let benchmarks = column == "average" ? BenchmarkList.paper.map { $0.name } : [column]
        func items(_ run: RunScores?) -> [ItemRecord] { benchmarks.flatMap { run?.items[$0] ?? [] } }
        let (mine, theirs) = (items(row.runs.first), items(others.first))
        guard mine.map(\.question) == theirs.map(\.question) else {
            throw ComparingError.otherQuestions(row: row.name, baseline: baseline, column: column)
        }
        return mine.isEmpty ? nil : SignTest(mine.map(\.credit), theirs.map(\.credit))
    }
}
