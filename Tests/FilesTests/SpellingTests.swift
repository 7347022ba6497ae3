import Files
import Testing

@Suite struct SpellingTests {
    @Test func theNearestComesFirst() {
        #expect(
            Spelling.nearest(
                to: "learning_rat", among: ["warmup", "learning_rate", "batch", "learning_rates"]) == [
                    "learning_rate", "learning_rates",
                ])
        #expect(Spelling.nearest(to: "zzzzzz", among: ["warmup", "batch"]) == [])
    }

    @Test func jsonTextIsQuoted() {
        #expect(JSONText.quote("a\"\\\n\u{1}é") == #""a\"\\\n\u0001é""#)
    }
}
