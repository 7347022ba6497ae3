import Files
import Foundation
import TestSupport
import Testing
import Text

struct TokenizerTests {
    private let llama = Result { try TinyTokenizers.read(TinyTokenizers.sentencePiece()) }
    private let bytes = Result { try TinyTokenizers.read(try TinyTokenizers.byteLevel()) }

    @Test func sentencePieceMergesByRankAndFallsBackToBytes() throws {
        let tokenizer = try llama.get()
        // "▁the▁the": th, then the, then ▁the twice.
        #expect(tokenizer.encode("the the", addSpecialTokens: false) == [265, 265])
        #expect(tokenizer.encode("the", addSpecialTokens: true) == [1, 265])
        // é is C3 A9, and no token.
        #expect(tokenizer.encode("é", addSpecialTokens: false) == [259, 3 + 0xC3, 3 + 0xA9])
        // The prefix is put before every stretch of text between added tokens.
        #expect(tokenizer.encode("t</s>t", addSpecialTokens: false) == [266, 2, 266])
        #expect(tokenizer.encode("", addSpecialTokens: true) == [1])
    }

    @Test func decodingUndoesThePrefixAndJudgesByteRunsAsAWhole() throws {
        let tokenizer = try llama.get()
        #expect(tokenizer.decode([1, 265, 265], skipSpecialTokens: true) == "the the")
        #expect(tokenizer.decode([1, 265], skipSpecialTokens: false) == "<s> the")
        #expect(tokenizer.decode([259, 3 + 0xC3, 3 + 0xA9], skipSpecialTokens: false) == "é")
        // One stray byte spoils its run: as many replacement characters as bytes.
        let spoilt: [Int32] = [260, 3 + 0xC3, 3 + 0xA9, 3 + 0x80, 261]
        #expect(tokenizer.decode(spoilt, skipSpecialTokens: false) == "t\u{FFFD}\u{FFFD}\u{FFFD}h")
        #expect(tokenizer.decode([9999, -3, 260], skipSpecialTokens: false) == "t")
    }

    @Test func unknownCharactersFuseOnlyWhereTheFileSaysSo() throws {
        let noFallback = TinyTokenizers.withModel(TinyTokenizers.sentencePiece(), "byte_fallback", false)
        #expect(try TinyTokenizers.read(noFallback).encode("tééh", addSpecialTokens: false) == [266, 0, 261])
        let apart = TinyTokenizers.withModel(noFallback, "fuse_unk", false)
        #expect(try TinyTokenizers.read(apart).encode("tééh", addSpecialTokens: false) == [266, 0, 0, 261])
        let silent = TinyTokenizers.withModel(noFallback, "unk_token", nil)
        // Without an unknown token they vanish, and t meets h.
        #expect(try TinyTokenizers.read(silent).encode("tééh", addSpecialTokens: false) == [259, 263])
    }

    @Test func byteLevelTokensAreBytes() throws {
        let tokenizer = try bytes.get()
        #expect(tokenizer.vocabularySize == 259)
        #expect(tokenizer.encode("that é", addSpecialTokens: false) == [256, 0x61, 0x74, 0x20, 0xC3, 0xA9])
        #expect(tokenizer.encode(" th<|endoftext|>", addSpecialTokens: false) == [257, 258])
        // NFC: e and U+0301 become one character, two bytes; a Hangul syllable takes up its final.
        #expect(tokenizer.encode("e\u{301}", addSpecialTokens: false) == [0xC3, 0xA9])
        #expect(tokenizer.encode("\u{AC00}\u{11A8}", addSpecialTokens: false) == [0xEA, 0xB0, 0x81])
        #expect(
            tokenizer.encode(utf8: [0x61, 0xFF, 0x62], addSpecialTokens: false) == [
                0x61, 0xEF, 0xBF, 0xBD, 0x62,
            ])
    }

    @Test func lookupsGoBothWays() throws {
        let tokenizer = try bytes.get()
        #expect(tokenizer.id(of: "Ġth") == 257)
        #expect(tokenizer.token(of: 257) == "Ġth")
        #expect(tokenizer.token(of: 259) == nil)
        #expect(tokenizer.id(of: "nothing") == nil)
        #expect(tokenizer.endOfTextID == 258)
        #expect(tokenizer.addedID(of: "Ġth") == nil)
        #expect(tokenizer.isSpecial(258) && !tokenizer.isSpecial(257))
        #expect(try llama.get().endOfTextID == 2)
    }

    @Test func wholeWordsSkipMergingWhereMergesAreIgnored() throws {
        // "that" is a token no merge leads to.
        var object = try TinyTokenizers.byteLevel()
        var vocabulary = try #require((object["model"] as? TinyTokenizers.Object)?["vocab"] as? [String: Int])
        vocabulary["that"] = 259
        object = TinyTokenizers.withModel(object, "vocab", vocabulary)
        #expect(try TinyTokenizers.read(object).encode("that", addSpecialTokens: false) == [256, 0x61, 0x74])
        object = TinyTokenizers.withModel(object, "ignore_merges", true)
        #expect(try TinyTokenizers.read(object).encode("that", addSpecialTokens: false) == [259])
    }

    @Test func aLongWordOfOneLetterIsNotQuadratic() throws {
        let tokenizer = try bytes.get()
        let long = try TinyTokenizers.read(
            TinyTokenizers.withModel(try TinyTokenizers.byteLevel(), "merges", ["t h", ["Ġ", "th"]]))
        #expect(long.encode(" th", addSpecialTokens: false) == [257])
        // A quadratic scan of 400,000 symbols would take minutes.
        let started = ContinuousClock.now
        let ids = tokenizer.encode(String(repeating: "th", count: 200_000), addSpecialTokens: false)
        #expect(ids == Array(repeating: 256, count: 200_000))
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test func severalThreadsMayEncodeAtOnce() async throws {
        let tokenizer = try bytes.get()
        let expected = tokenizer.encode("the other tooth", addSpecialTokens: false)
        let agree = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<200).allSatisfy { _ in
                        tokenizer.encode("the other tooth", addSpecialTokens: false) == expected
                    }
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(agree)
    }

    @Test func aFolderIsReadByItsTokenizerFile() throws {
        let data = try JSONSerialization.data(withJSONObject: TinyTokenizers.sentencePiece())
        try withTemporaryFolder { folder in
            try data.write(to: folder.appendingPathComponent("tokenizer.json"))
            #expect(try Tokenizer(contentsOf: folder).vocabularySize == 267)
            let absent = folder.appendingPathComponent("absent")
            #expect(throws: FilesError.missing(path: absent.path)) {
                try Tokenizer(contentsOf: absent)
            }
        }
    }

    @Test func identityIgnoresLayoutAndMergeNotationOnly() throws {
        let object = TinyTokenizers.sentencePiece()
        let identity = try TinyTokenizers.read(object).identityBytes
        let pretty = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted])
        #expect(try Tokenizer(json: [UInt8](pretty), file: "other.json").identityBytes == identity)
        let pairs = TinyTokenizers.withModel(
            object, "merges", [["t", "h"], ["th", "e"], ["▁", "the"], ["▁", "t"]])
        #expect(try TinyTokenizers.read(pairs).identityBytes == identity)
        let reordered = TinyTokenizers.withModel(object, "merges", ["th e", "t h", "▁ the", "▁ t"])
        #expect(try TinyTokenizers.read(reordered).identityBytes != identity)
        #expect(
            try TinyTokenizers.read(TinyTokenizers.with(object, "normalizer", ["type": "NFC"])).identityBytes
                != identity)
        #expect(
            try TinyTokenizers.read(TinyTokenizers.withModel(object, "fuse_unk", false)).identityBytes
                != identity)
    }
}
