import Files
import Foundation

/// scores.json of score-benchmarks: every number of every model.
public struct ScoresFile: Decodable, Equatable, Sendable {
    public static let file = "scores.json"
    private static let format = "align-ti scores 1"
    public let models: [Model]

    public init(models: [Model]) { self.models = models }

    /// - Throws: `RecordError`, `FilesError` where the file cannot be read
    public init(_ url: URL) throws { self = try RecordFormat.document(Self.self, url, format: Self.format) }

    /// One model and what it was asked.
    public struct Model: Decodable, Equatable, Sendable {
        public let model: String
        /// Mean of the paper's six benchmarks; nil unless all are defined.
        public let average: Double?
        /// Scores by the benchmarks' names.
        public let benchmarks: [String: Score]
        /// Order in which the benchmarks are written.
        private var order: [String] = []

        public init(model: String, average: Double?, benchmarks: [(name: String, score: Score)]) {
            (self.model, self.average, order) = (model, average, benchmarks.map(\.name))
            self.benchmarks = Dictionary(benchmarks.map { ($0.name, $0.score) }) { $1 }
        }

        private enum CodingKeys: CodingKey { case model, average, benchmarks }

        /// The model as the document has it.
        package var json: JSONValue {
            let scores = order.compactMap { name in benchmarks[name].map { (name: name, value: $0.json) } }
            return [
                "model": .string(model), "average": RecordFormat.number(average),
                "benchmarks": .object(JSONObject(scores)),
            ]
        }
    }

    /// What a benchmark's scorer found for one model.
    public struct Score: Decodable, Equatable, Sendable {
        /// The number of the table; nil where the reference's is undefined or the answers cannot be scored.
        public let headline: Double?
        /// Members beside the headline: its name, how questions and answers met, all numbers and breakdowns,
        /// notices; or why there is no score.
        private var rest = JSONObject()

        public init(headline: Double?, rest: JSONObject) { (self.headline, self.rest) = (headline, rest) }

        private enum CodingKeys: CodingKey { case headline }

        var json: JSONValue {
            .object(JSONObject([(name: "headline", value: RecordFormat.number(headline))] + rest.members))
        }
    }

    /// The document as text.
    public var text: String {
        let document: JSONValue = ["format": .string(Self.format), "models": .array(models.map(\.json))]
        return document.text(.indented) + "\n"
    }
}
