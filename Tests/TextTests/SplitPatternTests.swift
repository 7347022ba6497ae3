import Testing
import Text

struct SplitPatternTests {
    @Test(arguments: [
        (
            "Hello world's 1234 cats!!\n\n  x",
            ["Hello", " world", "'s", " ", "1", "2", "3", "4", " cats", "!!\n\n", " ", " x"]
        ),
        ("I'LL'd", ["I", "'LL", "'d"]),
        ("'ſ", ["'ſ"]),  // U+017F folds to s
        ("(word) \t\n  end ", ["(word", ")", " \t\n", " ", " end", " "]),
        ("a  \r\n\u{3000}b", ["a", "  \r\n", "\u{3000}b"]),
        ("日本2語", ["日本", "2", "語"]),
        ("e\u{301}!", ["e", "\u{301}!"]),  // a mark is neither letter nor number
        ("   ", ["   "]),
        ("\u{16EC8}'s", ["\u{16EC8}'", "s"]),  // a letter of Unicode 17 is unassigned to the reference
    ])
    func qwen2CutsAsItsExpressionSays(_ text: String, _ pieces: [String]) {
        #expect(SplitPattern.qwen2.pieces(of: text) == pieces)
    }

    @Test func llama3TakesUpToThreeDigits() {
        #expect(SplitPattern.llama3.pieces(of: "12345 Ⅷ") == ["123", "45", " ", "Ⅷ"])
    }

    @Test(arguments: [
        (
            "Hello world's 1234 cats!!\n\n  x",
            ["Hello", " world", "'s", " 1234", " cats", "!!", "\n\n ", " x"]
        ),
        ("I'LL", ["I", "'", "LL"]),
        (" (a) ", [" (", "a", ")", " "]),
    ])
    func gpt2CutsAsItsExpressionSays(_ text: String, _ pieces: [String]) {
        #expect(SplitPattern.gpt2.pieces(of: text) == pieces)
    }

    @Test(arguments: SplitPattern.allCases)
    func piecesAreTheWholeText(_ pattern: SplitPattern) {
        let text = "Ünïcödé — ١٢٣ 🙂\u{0}\u{FEFF} 'tis\r\n\r\n\t x'LL '"
        #expect(pattern.pieces(of: text).joined().utf8.elementsEqual(text.utf8))
        #expect(!pattern.pieces(of: text).contains(""))
        #expect(pattern.pieces(of: "").isEmpty)
    }
}
