import Files
import Testing
import Text

/// A tokenizer that would make too much of a text is refused when it is read.
@Suite struct TextGrowthTests {
    private func limit(_ name: String, _ value: Any) throws -> Limit? {
        let object = TinyTokenizers.with(TinyTokenizers.sentencePiece(), name, value)
        do { _ = try TinyTokenizers.read(object) } catch FilesError.tooLarge(_, _, _, let limit) {
            return limit
        }
        return nil
    }

    private func replace(_ pattern: String, _ content: String) -> TinyTokenizers.Object {
        ["type": "Replace", "pattern": ["String": pattern], "content": content]
    }

    @Test func replacementsOfReplacementsAreRefused() throws {
        let thousand = String(repeating: "a", count: 1_000)
        #expect(try limit("normalizer", replace("a", thousand)) == .tokenizerGrowth)
        let tens = [TinyTokenizers.Object](repeating: replace("a", "aaaaaaaaaa"), count: 3)
        #expect(try limit("normalizer", ["type": "Sequence", "normalizers": tens]) == .tokenizerGrowth)
        #expect(try limit("decoder", ["type": "Sequence", "decoders": tens]) == .tokenizerGrowth)
        let mark: TinyTokenizers.Object = ["type": "Metaspace", "replacement": "          "]
        #expect(
            try limit("pre_tokenizer", ["type": "Sequence", "pretokenizers": [mark, mark]])
                == .tokenizerGrowth)
        let usual: [TinyTokenizers.Object] = [
            ["type": "NFKC"], replace(" ", "▁"), ["type": "Prepend", "prepend": "▁"],
        ]
        #expect(try limit("normalizer", ["type": "Sequence", "normalizers": usual]) == nil)
    }

    @Test func longTextsAndManyStepsAreRefused() throws {
        let long = String(repeating: "a", count: 10_000_000)
        #expect(try limit("normalizer", ["type": "Prepend", "prepend": long]) == .tokenBytes)
        #expect(try limit("added_tokens", [TinyTokenizers.added(300, long)]) == .tokenBytes)
        let strips = [TinyTokenizers.Object](repeating: ["type": "Strip"], count: 65)
        #expect(try limit("normalizer", ["type": "Sequence", "normalizers": strips]) == .tokenizerSteps)
    }

    @Test func aHugeIdIsRefused() {
        #expect(throws: FilesError.self) {
            try TinyTokenizers.read(
                TinyTokenizers.with(
                    TinyTokenizers.sentencePiece(), "added_tokens", [TinyTokenizers.added(1 << 20, "x")]))
        }
    }

    /// The beginnings of a token are tokens too: the longest that stands at a place counts.
    @Test func theLongestAddedTokenIsFoundAmongItsBeginnings() throws {
        let tokens = ["a", "aaa", "aaaab"].enumerated().map {
            TinyTokenizers.added(300 + $0.offset, $0.element)
        }
        let tokenizer = try TinyTokenizers.read(
            TinyTokenizers.with(TinyTokenizers.sentencePiece(), "added_tokens", tokens))
        #expect(tokenizer.encode("aaaaaaabaa", addSpecialTokens: false) == [301, 302, 300, 300])
    }
}
