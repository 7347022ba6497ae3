import Files
import Foundation

/// Rows of an ablation table, each run with several seeds, against a baseline row.
///
/// With two seeds or more the test is a paired t test over seeds: seed s of a row shares the order of the
/// data with seed s of the baseline. With one seed it is McNemar's exact test over questions (`SignTest`):
/// that tells two models apart, not two objectives.
public struct RunComparison: Sendable {
    public struct Row: Sendable {
        public let name: String
        /// In the order of the seeds.
        public let runs: [RunScores]

        public init(name: String, runs: [RunScores]) { (self.name, self.runs) = (name, runs) }
    }

    /// One row in one column.
    public struct Cell: Sendable {
        public let row, column: String
        public let seeds: Int
        /// nil where a run has no such number.
        public let value: MeanAndError?
        /// From the baseline; nil for the baseline itself and for costs.
        public let difference: MeanAndError?
        public let test: Test?
    }

    /// Which side of the baseline a row's score is on.
    public enum Direction: String, Sendable { case above, below }

    /// The p below which a difference has a direction.
    public static let significance = 0.05

    public enum Test: Sendable, Equatable {
        case pairedT(PairedTTest)
        case mcNemar(SignTest)

        public var p: Double {
            switch self {
            case .pairedT(let test): test.p
            case .mcNemar(let test): test.p
            }
        }
    }

    public let rows: [Row]
    public let baseline: String
    /// What is compared; may be empty.
    public let title: String
    /// Row -> where the paper has it.
    public let published: [String: Direction]
    /// Benchmarks in the table's order, then `average` where there is one, then costs.
    public let columns: [String]

    /// - Parameters:
    ///   - rows: with equally many runs
    ///   - baseline: the name of one of them
    ///   - title: what is compared
    ///   - published: rows of which the paper says on which side of the baseline they are
    /// - Throws: `BenchmarkError.incomplete` where the baseline is no row
    public init(
        rows: [Row], baseline: String, title: String = "", published: [String: Direction] = [:]
    ) throws {
        guard rows.contains(where: { $0.name == baseline }) else {
            throw BenchmarkError.incomplete(
                file: rows.map(\.name).joined(separator: ", "), benchmark: "comparison",
                reason: "the baseline '\(baseline)' is none of the rows")
        }
        (self.rows, self.baseline) = (rows, baseline)
        (self.title, self.published) = (title, published)
        let known = Set(rows.flatMap(\.runs).flatMap(\.values.keys))
        columns = (BenchmarkList.all.map { $0.name } + ["average"] + RunScores.costs).filter(known.contains)
    }

    /// - Throws: `BenchmarkError.incomplete` where two runs answered different questions
    public func cell(_ row: Row, _ column: String) throws -> Cell {
        let values = row.runs.compactMap { $0.values[column] }
        let others = rows.first { $0.name == baseline }?.runs ?? []
        var (difference, test): (MeanAndError?, Test?)
        if row.name != baseline, !RunScores.costs.contains(column), values.count == row.runs.count {
            let pairs = zip(values, others.compactMap { $0.values[column] }).map { $0 - $1 }
            if pairs.count == values.count, !pairs.isEmpty {
                difference = MeanAndError(pairs)
                if let t = PairedTTest(pairs) {
                    test = .pairedT(t)
                } else if let run = row.runs.first, let other = others.first {
                    test = try questionTest(run, other, column, row.name).map { .mcNemar($0) }
                }
            }
        }
        return Cell(
            row: row.name, column: column, seeds: row.runs.count,
            value: values.count == row.runs.count && !values.isEmpty ? MeanAndError(values) : nil,
            difference: difference, test: test)
    }

    private func questionTest(_ run: RunScores, _ other: RunScores, _ column: String, _ row: String) throws
        -> SignTest?
    {
        let benchmarks = column == "average" ? BenchmarkList.paper.map { $0.name } : [column]
        let (mine, theirs) = (
            benchmarks.flatMap { run.credits[$0] ?? [] }, benchmarks.flatMap { other.credits[$0] ?? [] }
        )
        guard mine.map(\.question) == theirs.map(\.question) else {
            throw BenchmarkError.incomplete(
                file: row, benchmark: column,
                reason: "it and the baseline '\(baseline)' answered different questions")
        }
        return mine.isEmpty ? nil : SignTest(mine.map(\.credit), theirs.map(\.credit))
    }

    /// All cells, row by row.
    public func cells() throws -> [Cell] {
        try rows.flatMap { row in try columns.map { try cell(row, $0) } }
    }
}
