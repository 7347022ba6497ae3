import Files
import Foundation

/// efficiency.json of measure-efficiency: models that answer, and runs that trained them.
public struct EfficiencyFile: Decodable, Equatable, Sendable {
    public static let file = "efficiency.json"
    private static let format = "align-ti efficiency 1"
    public let models: [ModelCost]
    public let runs: [RunCost]

    public init(models: [ModelCost], runs: [RunCost]) { (self.models, self.runs) = (models, runs) }

    /// - Throws: `RecordError`, `FilesError` where the file cannot be read
    public init(_ url: URL) throws { self = try RecordFormat.document(Self.self, url, format: Self.format) }

    /// The document as text.
    public var text: String {
        let document: JSONValue = [
            "format": .string(Self.format), "models": .array(models.map { .object($0.json) }),
            "runs": .array(runs.map { .object($0.json) }),
        ]
        return document.text(.line) + "\n"
    }

    /// The fields of the models, and of the runs, as rows of CSV; empty where there are none.
    public var modelsCSV: String { Self.csv(models.map(\.json)) }
    public var runsCSV: String { Self.csv(runs.map(\.json)) }

    private static func csv(_ rows: [JSONObject]) -> String {
        guard let first = rows.first else { return "" }
        return CSV.text(
            [first.members.map(\.name)]
                + rows.map { row in
                    row.members.map { _, value in
                        switch value {
                        case .string(let text): text
                        case .null: ""
                        default: value.text()
                        }
                    }
                })
    }
}

/// What answering with one model costs: a row of efficiency.json's `models` (the paper's Table 5).
public struct ModelCost: Decodable, Equatable, Sendable {
    public var name: String
    /// Weights, in all and by part.
    public let parameters, visionParameters, projectorParameters, languageParameters: Int
    public let promptTokens: Int
    public let firstTokenSeconds, tokensPerSecond: Double
    /// Range of the runs over their median.
    public let spread: Double
    public let tokensPerSecondSideBySide: Double
    /// Most memory the process held until it had answered one question after the other; the side-by-side
    /// answers come after that.
    public let peakResidentBytes: Int

    public init(
        name: String, visionParameters: Int, projectorParameters: Int, languageParameters: Int,
        promptTokens: Int, firstTokenSeconds: Double, tokensPerSecond: Double, spread: Double,
        tokensPerSecondSideBySide: Double, peakResidentBytes: Int
    ) {
        self.name = name
        parameters = visionParameters + projectorParameters + languageParameters
        (self.visionParameters, self.projectorParameters) = (visionParameters, projectorParameters)
        (self.languageParameters, self.promptTokens) = (languageParameters, promptTokens)
        (self.firstTokenSeconds, self.tokensPerSecond) = (firstTokenSeconds, tokensPerSecond)
        (self.spread, self.tokensPerSecondSideBySide) = (spread, tokensPerSecondSideBySide)
        self.peakResidentBytes = peakResidentBytes
    }

    /// Reads the line that a process has printed about a model.
    ///
    /// - Parameter source: what to call it in errors
    public init(line: [UInt8], from source: String) throws(RecordError) {
        self = try RecordFormat.decode(Self.self, line, file: source, line: 1)
    }

    /// One line of JSON.
    public var line: String { JSONValue.object(json).text(.line) }

    var json: JSONObject {
        [
            "name": .string(name), "parameters": .int(parameters),
            "vision_parameters": .int(visionParameters), "projector_parameters": .int(projectorParameters),
            "language_parameters": .int(languageParameters), "prompt_tokens": .int(promptTokens),
            "first_token_seconds": .number(firstTokenSeconds), "tokens_per_second": .number(tokensPerSecond),
            "spread": .number(spread), "tokens_per_second_side_by_side": .number(tokensPerSecondSideBySide),
            "peak_resident_bytes": .int(peakResidentBytes),
        ]
    }
}
