import Testing
import Text

struct StreamedTextTests {
    @Test func thePiecesTogetherAreTheText() {
        var text = StreamedText()
        let steps = [" A", " A c", " A caf\u{FFFD}", " A café", " A café\u{FFFD}\u{FFFD}", " A café 猫"]
        var pieces = steps.map { text.grow(to: $0) }
        #expect(pieces == ["A", " c", "af", "é", "", " 猫"])
        pieces.append(text.finish(with: " A café 猫\u{FFFD}"))
        #expect(pieces.joined() == "A café 猫\u{FFFD}")
    }

    @Test func whatIsShownStays() {
        var text = StreamedText()
        #expect(text.grow(to: "ab") == "ab")
        #expect(text.grow(to: "ax") == "")
        #expect(text.grow(to: "abc") == "c")
    }
}
