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

        public init(model: String, scores: [String: Double?]) {
            self.model = model
            self.scores = scores
        }

        /// The plain mean of the paper's six columns (MME already divided by 20); nil unless all six are
        /// defined.
        public var average: Double? {
            let six = BenchmarkList.paper.compactMap { scores[$0.name].flatMap { $0 } }
            return six.count == BenchmarkList.paper.count ? six.reduce(0, +) / Double(six.count) : nil
        }

        public var json: JSONValue {
            let members = BenchmarkList.all.filter { scores[$0.name] != nil }.map {
                (name: $0.name, value: JSONValue(scores[$0.name].flatMap { $0 }))
            }
            return .of(
                ("model", .string(model)), ("scores", .object(JSONObject(members))),
                ("average", JSONValue(average)))
        }
    }

    /// Rows in the order they are printed.
    public let rows: [Row]

    public init(rows: [Row]) { self.rows = rows }

    /// Rows as published for the paper's table; their headlines are of the official releases.
    public static let published: [Row] = [
        ("LLaVA-1.5-7B", [62.0, 66.8, 58.2, 85.9, 75.5, 64.3]),
        ("LlavaQwen2-Align-TI-2B", [62.9, 71.4, 65.1, 86.1, 75.6, 71.8]),
        ("LlavaQwen3-Align-TI-2B", [62.6, 76.5, 67.1, 86.6, 73.4, 75.2]),
        ("LlavaQwen2-Align-TI-1B", [60.4, 60.7, 59.9, 86.8, 68.9, 63.2]),
        ("LlavaQwen3-Align-TI-1B", [61.2, 68.4, 64.1, 86.9, 70.0, 67.6]),
    ].map { model, values in
        Row(
            model: model,
            scores: Dictionary(uniqueKeysWithValues: zip(BenchmarkList.paper.map { $0.name }, values)))
    }

    /// As the tables print a number: one decimal, or `undefined`.
    public static func printed(_ value: Double?) -> String {
        value.map { String(format: "%.1f", $0) } ?? "undefined"
    }

    /// The table as text, columns aligned; `-` is not scored.
    public var text: String {
        let columns = BenchmarkList.all.filter { benchmark in
            rows.contains { $0.scores[benchmark.name] != nil }
        }
        let showsAverage = rows.contains { $0.average != nil }
        var cells = [["model"] + columns.map { $0.title } + (showsAverage ? ["AVG"] : [])]
        for row in rows {
            cells.append(
                [row.model]
                    + columns.map { column in row.scores[column.name].map { ScoreTable.printed($0) } ?? "-" }
                    + (showsAverage ? [row.average.map { ScoreTable.printed($0) } ?? "-"] : []))
        }
        return TextTable.aligned(cells)
    }
}
