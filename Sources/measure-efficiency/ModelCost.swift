import Files
import Foundation
import Models
import Stage

/// What answering with one model costs, measured in a process of its own, so that its peak of memory is its
/// alone.
struct ModelCost: Decodable {
    /// Weights by part; see `AnsweringCost`.
    let visionParameters, projectorParameters, languageParameters: Int
    let promptTokens: Int
    let firstTokenSeconds, tokensPerSecond, spread, tokensPerSecondSideBySide: Double
    /// Most memory the process held until it had answered one question after the other; the side-by-side
    /// answers come after that.
    let peakResidentBytes: Int

    var parameters: Int { visionParameters + projectorParameters + languageParameters }

    /// Measures in this process.
    init(measuring folder: URL, _ settings: AnsweringCostSettings) throws {
        let cost = AnsweringCost(try LlavaModel(folder: folder), settings)
        (visionParameters, projectorParameters) = (cost.parameters(.vision), cost.parameters(.projector))
        (languageParameters, promptTokens) = (cost.parameters(.language), cost.promptTokens)
        let alone = try cost.alone()
        (firstTokenSeconds, tokensPerSecond, spread) = (
            alone.firstTokenSeconds, alone.tokensPerSecond, alone.spread
        )
        peakResidentBytes = ResourceUsage.current().peakResidentBytes
        tokensPerSecondSideBySide = try cost.sideBySide()
    }

    /// Measures in a child process of the same program, which prints `json`.
    ///
    /// - Parameter arguments: recipe and thread options, as this process got them
    init(inChildFor folder: URL, name: String, arguments: [String]) throws {
        let text = try OwnProcess.output(
            of: "measuring model \(name)", arguments: ["--measure", folder.path] + arguments)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(ModelCost.self, from: text)
    }

    var json: JSONObject {
        [
            "parameters": .int(parameters), "vision_parameters": .int(visionParameters),
            "projector_parameters": .int(projectorParameters),
            "language_parameters": .int(languageParameters), "prompt_tokens": .int(promptTokens),
            "first_token_seconds": .number(firstTokenSeconds),
            "tokens_per_second": .number(tokensPerSecond),
            "spread": .number(spread),
            "tokens_per_second_side_by_side": .number(tokensPerSecondSideBySide),
            "peak_resident_bytes": .int(peakResidentBytes),
        ]
    }
}
