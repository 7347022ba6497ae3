import Files
import Foundation

/// Models side by side: a row a model, a column a benchmark, and AVG where all six of the paper's columns are
/// there.
public struct ScoreTable: Sendable {
    /// Scores of one model.
    public struct Row: Sendable {
        /// Name of the model.
        public let model: String
        /// Benchmark name -> headline; nil is undefined, absent is not scored.
        public let scores: [String: Double?]
        /// The average as it was published, or that there is none.
        private let published: Double??

        /// - Parameter published: the average to show instead of the mean of the scores; nil shows none
        public init(model: String, scores: [String: Double?], published: Double?? = .none) {
            (self.model, self.scores, self.published) = (model, scores, published)
        }

        /// The plain mean of the paper's six columns (MME already divided by 20); nil unless all six are
        /// defined.
        public var average: Double? {
            if let published { return published }
            let six = BenchmarkList.paper.compactMap { scores[$0.name].flatMap { $0 } }
            return six.count == BenchmarkList.paper.count ? six.reduce(0, +) / Double(six.count) : nil
        }

        public var json: JSONValue {
            let members = BenchmarkList.inOrder(scores.keys).map {
                (name: $0, value: JSONValue(scores[$0].flatMap { $0 }))
            }
            return .of(
                ("model", .string(model)), ("scores", .object(JSONObject(members))),
                ("average", JSONValue(average)))
        }
    }

    /// Rows in the order they are printed.
    public let rows: [Row]

    public init(rows: [Row]) { self.rows = rows }

    /// As the tables print a number: one decimal, or `undefined`.
    public static func printed(_ value: Double?) -> String {
        value.map { String(format: "%.1f", $0) } ?? "undefined"
    }

    /// The table as text, columns aligned; `-` is not scored.
    public var text: String {
        let columns = BenchmarkList.inOrder(rows.flatMap { $0.scores.keys })
        let showsAverage = rows.contains { $0.average != nil }
        var cells = [["model"] + columns.map(BenchmarkList.title) + (showsAverage ? ["AVG"] : [])]
        for row in rows {
            cells.append(
                [row.model]
                    + columns.map { column in row.scores[column].map { ScoreTable.printed($0) } ?? "-" }
                    + (showsAverage ? [row.average.map { ScoreTable.printed($0) } ?? "-"] : []))
        }
        return TextTable.aligned(cells)
    }
}
