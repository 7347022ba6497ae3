import Images
import Settings
import Shards
import Testing

/// What the settings leave open about pictures.
@Suite struct ImageSettingsTests {
    private func settings(_ change: (inout ImageSettings) -> Void) -> ImageSettings {
        var settings = ImageSettings()
        change(&settings)
        return settings
    }

    private func model() throws -> ImageSettings.Model {
        let processor = try ImageProcessor(
            kind: .dinov2, size: 224, mean: [0.1, 0.2, 0.3], aspect: .clip, shortestEdge: 256)
        return ImageSettings.Model(processor, patch: 14, tokens: 257)
    }

    @Test func withoutAModelTheyAreThoseOfSigLIP() {
        let all = ImageSettings().filled(from: nil)
        #expect(all.processor == .siglip && all.size == 384 && all.patch == 14 && all.aspect == .pad)
        #expect(all.visualTokens == 729 && all.tokens == nil && all.mean == nil && all.shortestEdge == nil)
    }

    @Test func whatIsNotSaidIsTheModels() throws {
        let all = try ImageSettings().filled(from: model())
        #expect(all.processor == .dinov2 && all.size == 224 && all.patch == 14 && all.aspect == .clip)
        #expect(all.visualTokens == 257 && all.shortestEdge == 256 && all.mean == [0.1, 0.2, 0.3])
        #expect(all.std == [0.229, 0.224, 0.225])
        #expect(ImageSettings().isOpen && !all.isOpen)
    }

    @Test func whatIsSaidStaysAndTakesWhatHangsOnItAlong() throws {
        let small = try settings { $0.size = 112 }.filled(from: model())
        #expect(small.size == 112 && small.visualTokens == 64 && small.shortestEdge == nil)
        let other = try settings { $0.processor = .clip }.filled(from: model())
        #expect(other.processor == .clip && other.mean == nil && other.visualTokens == 257)
        let padded = try settings { $0.aspect = .pad }.filled(from: model())
        #expect(padded.aspect == .pad && padded.shortestEdge == nil && padded.visualTokens == 257)
        let coarse = try settings { $0.patch = 28 }.filled(from: model())
        #expect(coarse.visualTokens == 64 && coarse.size == 224)
    }

    @Test(arguments: [
        ("shortest_edge", ImageProcessor.Aspect.pad, 256, 224), ("size", .clip, 200, 224),
    ])
    func anEdgeThatCannotBeCutOutOfIsRefused(
        key: String, aspect: ImageProcessor.Aspect, edge: Int, size: Int
    ) {
        let wrong = settings { ($0.aspect, $0.shortestEdge, $0.size) = (aspect, edge, size) }
        #expect(throws: SettingProblem.self) { try wrong.validate() }
        do { try wrong.validate() } catch { #expect("\(error)".contains(key)) }
    }
}
