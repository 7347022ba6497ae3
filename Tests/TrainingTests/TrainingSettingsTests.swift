import Foundation
import Models
import Settings
import TestSupport
import Testing
import Training

@Suite struct TrainingSettingsTests {
    private func layer(_ depth: Double, of layers: Int) throws -> Int {
        var settings = TrainingSettings()
        settings.saliencyDepth = depth
        return try settings.objective(measuredLayer: 1, layers: layers).saliencyLayer
    }

    /// The paper's five layers of 28 are 0, 7, 14, 21 and 27.
    @Test func sharesOfTheDepthAreLayersOfAnyTeacher() throws {
        let shares = [0, 0.25, 0.5, 0.75, 1]
        #expect(try shares.map { try layer($0, of: 28) } == [0, 7, 14, 21, 27])
        #expect(try shares.map { try layer($0, of: 4) } == [0, 1, 2, 3, 3])
        #expect(try shares.map { try layer($0, of: 3) } == [0, 0, 1, 2, 2])
        #expect(try shares.map { try layer($0, of: 1) } == [0, 0, 0, 0, 0])
    }

    @Test func aShareNeedsADepthAndNoNumberBeside() throws {
        var settings = TrainingSettings()
        settings.saliencyDepth = 0.5
        #expect(throws: SettingProblem.self) { try settings.objective(measuredLayer: 1) }
        settings.saliencyLayer = 2
        #expect(
            throws: SettingProblem("saliency_depth", "is set, and saliency_layer is 2: give one")
        ) { try settings.check() }
    }

    @Test func theTemperatureIsPartOfTheObjective() throws {
        var settings = TrainingSettings()
        settings.saliencyLayer = 0
        #expect(try settings.objective().divergences.temperature == 1)
        (settings.divergence.temperature, settings.divergence.temperatureSquared) = (2, false)
        let divergences = try settings.objective().divergences
        #expect(divergences.temperature == 2 && !divergences.temperatureSquared)
        settings.divergence.temperature = 0
        #expect(throws: SettingProblem("divergence.temperature", "is 0.0, expected 0.05 to 100")) {
            try settings.check()
        }
    }

    @Test func aLayerThatTheTeacherLacksIsNamed() throws {
        let teacher = try LlavaConfiguration(
            folder: Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip/teacher"))
        var settings = TrainingSettings()
        settings.saliencyLayer = teacher.text.layers
        #expect(throws: SettingProblem.self) { try settings.check(for: teacher) }
        settings.weights.iva = 0
        try settings.check(for: teacher)
    }
}
