import Models
import Testing

@Suite struct AssemblySettingsTests {
    /// The demo's teacher (hidden 128, 4 layers, 4 heads of 32) and a model of grouped heads.
    @Test func aScaledModelKeepsTheWidthOfItsHeads() {
        func shape(_ language: FreshLanguage) -> [Int] {
            [language.hidden, language.layers, language.heads, language.keyHeads]
        }
        var settings = FreshLanguage()
        settings.scale = 0.75
        var made = settings.scaled
        #expect(shape(made) == [96, 3, 3, 3])
        #expect(made.headSize == 32 && made.intermediate == 264 && made.scale == 1)
        (settings.hidden, settings.layers, settings.heads, settings.keyHeads) = (64, 3, 4, 2)
        settings.scale = 1.5
        made = settings.scaled
        #expect(shape(made) == [96, 5, 6, 3])
        settings.scale = 0.01
        made = settings.scaled
        #expect(shape(made) == [16, 1, 1, 1])
    }
}
