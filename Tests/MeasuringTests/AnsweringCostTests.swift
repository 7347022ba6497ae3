import Foundation
import Measuring
import Models
import TestSupport
import Testing

@Suite struct AnsweringCostTests {
    private let folder = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")

    private var quick: AnsweringCostSettings {
        var settings = AnsweringCostSettings()
        (settings.promptTokens, settings.newTokens, settings.slots, settings.runs) = (5, 4, 3, 3)
        return settings
    }

    /// The student of the fixture: vocabulary 272, hidden 64, 2 layers, 4 and 2 heads, intermediate size of
    /// its configuration.
    @Test func parametersAreThoseOfTheConfiguration() throws {
        let model = try LlavaModel(folder: folder.appendingPathComponent("student"))
        let cost = AnsweringCost(model, quick, leastSeconds: 0.001)
        let text = model.configuration.text
        let (hidden, keys) = (text.hidden, text.keyHeads * text.headSize)
        let attention = hidden * hidden + hidden + 2 * (keys * hidden + keys) + hidden * hidden
        let block = attention + 3 * hidden * text.intermediate + 2 * hidden
        #expect(cost.parameters(.language) == text.vocabulary * hidden + text.layers * block + hidden)
        let features = model.configuration.vision?.hidden ?? 0
        #expect(cost.parameters(.projector) == (features + 1) * hidden + (hidden + 1) * hidden)
        #expect(cost.promptTokens == 16 + 5)
    }

    @Test func figuresArePositive() throws {
        let model = try LlavaModel(folder: folder.appendingPathComponent("teacher"))
        let cost = AnsweringCost(model, quick, leastSeconds: 0.001)
        let alone = try cost.alone()
        #expect(alone.firstTokenSeconds > 0 && alone.tokensPerSecond > 0 && alone.spread >= 0)
        #expect(try cost.sideBySide() > 0)
    }
}
