import Files
import Foundation
import Measuring
import Models
import Records
import Stage

extension ModelCost {
    /// Measures in this process.
    init(measuring folder: URL, _ settings: AnsweringCostSettings) throws {
        let model = try LlavaModel(folder: folder)
        StandardError.write(model.notices, of: "measure-efficiency")
        let cost = AnsweringCost(model, settings)
        let alone = try cost.alone()
        let peak = ResourceUsage.current().peakResidentBytes
        self.init(
            name: "", visionParameters: cost.parameters(.vision),
            projectorParameters: cost.parameters(.projector),
            languageParameters: cost.parameters(.language), promptTokens: cost.promptTokens,
            firstTokenSeconds: alone.firstTokenSeconds, tokensPerSecond: alone.tokensPerSecond,
            spread: alone.spread, tokensPerSecondSideBySide: try cost.sideBySide(), peakResidentBytes: peak)
    }

    /// Measures in a child process of the same program, which prints its `line`: its peak of memory is
    /// its alone.
    ///
    /// - Parameter arguments: recipe and thread options, as this process got them
    init(inChildFor folder: URL, name: String, arguments: [String]) throws {
        let text = try OwnProcess.output(
            of: "measuring model \(name)", arguments: ["--measure", folder.path] + arguments)
        try self.init(line: [UInt8](text), from: "what measuring \(name) printed")
        self.name = name
    }
}
