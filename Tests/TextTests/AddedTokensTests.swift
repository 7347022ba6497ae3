import Testing
import Text

struct AddedTokensTests {
    private func ids(
        _ text: String, _ tokens: [TinyTokenizers.Object], normalizer: TinyTokenizers.Object? = nil
    ) throws -> [Int32] {
        var object = TinyTokenizers.with(try TinyTokenizers.byteLevel(), "added_tokens", tokens)
        object["normalizer"] = normalizer
        return try TinyTokenizers.read(object).encode(text, addSpecialTokens: false)
    }

    private let a = Int32(0x61), space = Int32(0x20)

    @Test func theLongestOfTheLeftmostWins() throws {
        let tokens = [
            TinyTokenizers.added(300, "<a"), TinyTokenizers.added(301, "<a>"),
            TinyTokenizers.added(302, ">a"),
        ]
        #expect(try ids("<a>a<a", tokens) == [301, a, 300])
        #expect(try ids("<a>", tokens) == [301])
    }

    @Test func strippingTakesTheSpaceAround() throws {
        #expect(
            try ids("a  <x> a", [TinyTokenizers.added(300, "<x>", ["lstrip": true])]) == [a, 300, space, a])
        #expect(
            try ids("a <x>\n\u{3000}a", [TinyTokenizers.added(300, "<x>", ["rstrip": true])]) == [
                a, space, 300, a,
            ])
    }

    @Test func aSingleWordIsNotPartOfAWord() throws {
        let token = [TinyTokenizers.added(300, "ab", ["single_word": true])]
        #expect(try ids("ab abab é_ab (ab)", token).filter { $0 == 300 }.count == 2)
        #expect(try ids("éab", token) == [0xC3, 0xA9, a, 0x62])
    }

    @Test func normalizedTokensAreFoundAfterNormalising() throws {
        let lower: TinyTokenizers.Object = ["type": "Lowercase"]
        let token = [TinyTokenizers.added(300, "AB", ["normalized": true])]
        #expect(try ids("ab AB aB", token, normalizer: lower) == [300, space, 300, space, 300])
        let raw = [TinyTokenizers.added(300, "AB")]
        #expect(try ids("abAB", raw, normalizer: lower) == [a, 0x62, 300])
    }

    @Test func tokensThatAreNotSpecialAreDecodedAlways() throws {
        let tokens = [
            TinyTokenizers.added(300, "<think>"), TinyTokenizers.added(301, "<end>", ["special": true]),
        ]
        let tokenizer = try TinyTokenizers.read(
            TinyTokenizers.with(try TinyTokenizers.byteLevel(), "added_tokens", tokens))
        #expect(tokenizer.decode([300, 0x61, 301], skipSpecialTokens: true) == "<think>a")
        #expect(tokenizer.decode([300, 0x61, 301], skipSpecialTokens: false) == "<think>a<end>")
    }
}
