import Foundation
import GGUF
import TestSupport
import Testing
import Text

@Suite struct VocabularyTests {
    typealias Object = [String: Any]

    private func tokenizer(_ object: Object) throws -> Tokenizer {
        try Tokenizer(json: [UInt8](JSONSerialization.data(withJSONObject: object)), file: "t.json")
    }

    private func added(_ id: Int, _ text: String, special: Bool = true, rstrip: Bool = false) -> Object {
        ["id": id, "content": text, "special": special, "normalized": false, "rstrip": rstrip]
    }

    /// Llama's form: `<unk>`, `<s>`, `</s>`, the bytes from 3, then from 259 ▁ t h e th the ▁the ▁t.
    private func sentencePiece(_ merges: [String], more: [Object] = []) -> Object {
        var words: [String: Int] = ["<unk>": 0, "<s>": 1, "</s>": 2]
        for byte in 0..<256 { words[String(format: "<0x%02X>", byte)] = 3 + byte }
        for (index, token) in ["▁", "t", "h", "e", "th", "the", "▁the", "▁t"].enumerated() {
            words[token] = 259 + index
        }
        return [
            "added_tokens": [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>")] + more,
            "normalizer": [
                "type": "Sequence",
                "normalizers": [
                    ["type": "Prepend", "prepend": "▁"],
                    ["type": "Replace", "pattern": ["String": " "], "content": "▁"],
                ],
            ],
            "model": [
                "type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true, "vocab": words,
                "merges": merges,
            ],
        ]
    }

    /// llama.cpp ends at a text that stands there twice.
    @Test func noTextIsWrittenTwice() throws {
        let merges = ["t h", "th e", "▁ the", "▁ t"]
        var object = sentencePiece(merges, more: [added(268, "[PAD267]", special: false)])
        let filled = try Vocabulary(tokenizer(object), rows: 269, file: "t.json")
        #expect(filled.texts[267] == "[PAD267]_" && Set(filled.texts).count == 269)
        object = sentencePiece(
            merges, more: [added(267, "▁x", special: false), added(268, " x", special: false)])
        let error = #expect(throws: GGUFError.self) {
            try Vocabulary(tokenizer(object), rows: 269, file: "t.json")
        }
        #expect(error.map { "\($0)" }?.contains("once more") == true)
    }

    @Test func aByteLevelTokenizerKeepsItsTokensAndMerges() throws {
        let bytes = try BPETrainer(vocabularySize: 260, specialTokens: ["<end>", "<image>"], minimumCount: 1)
            .train(on: ["th th", " th"])
        let vocabulary = try Vocabulary(Tokenizer(json: bytes, file: "t.json"), rows: 262, file: "t.json")
        #expect(vocabulary.model == "gpt2" && vocabulary.cutting == "qwen2")
        #expect(vocabulary.merges == ["t h", "Ġ th"])
        #expect(Array(vocabulary.texts[256...]) == ["th", "Ġth", "<end>", "<image>", "[PAD260]", "[PAD261]"])
        #expect(Array(vocabulary.kinds[255...]) == [1, 1, 1, 3, 3, 5, 5])
        #expect(vocabulary.scores == nil && vocabulary.addsSpace == nil)
    }

    @Test(
        arguments: [
            (SplitPattern.gpt2, false, "gpt-2"), (.qwen2, false, "qwen2"), (.llama3, true, "llama-bpe"),
            (.llama3, false, "smaug-bpe"), (.gpt2, true, nil), (.qwen2, true, nil),
        ] as [(SplitPattern, Bool, String?)])
    func wordsAreCutByTheRulesOfThatName(pattern: SplitPattern, whole: Bool, name: String?) throws {
        let bytes = try BPETrainer(vocabularySize: 258, pattern: pattern, minimumCount: 1).train(on: ["th th"]
        )
        var object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? Object)
        var model = try #require(object["model"] as? Object)
        model["ignore_merges"] = whole
        object["model"] = model
        let tokenizer = try tokenizer(object)
        if let name {
            #expect(try Vocabulary(tokenizer, rows: 258, file: "t.json").cutting == name)
        } else {
            #expect(
                thrownText { _ = try Vocabulary(tokenizer, rows: 258, file: "t.json") }
                    == "t.json: 'pre_tokenizer' is this with model.ignore_merges, which llama.cpp does not "
                    + "have; it has the rules of GPT-2, Qwen2, Qwen3, Llama 3 and SmolLM2")
        }
    }

    @Test func mergesOfASentencePieceModelBecomeScores() throws {
        let more = [added(267, "▁<image>", special: false)]
        let vocabulary = try Vocabulary(
            tokenizer(sentencePiece(["t h", "th e", "▁ the", "▁ t"], more: more)), rows: 268, file: "t.json")
        #expect(vocabulary.model == "llama" && vocabulary.addsSpace == true && vocabulary.merges == nil)
        #expect(vocabulary.scores.map { Array($0[259...]) } == [0, 0, 0, 0, -1, -2, -3, -4, 0])
        #expect(
            Array(vocabulary.kinds[0...3]) == [2, 3, 3, 6] && vocabulary.kinds[258] == 6
                && Array(vocabulary.kinds[266...]) == [1, 4])
        #expect(vocabulary.texts[267] == " <image>")
    }

    @Test(arguments: [
        (["t h", "th e", "▁ the"], "not every pair is that makes \"▁t\""),
        (
            ["t h", "h e", "th e", "▁ the", "▁ t", "▁t he", "t he"],
            "others come between the pairs of \"the\""
        ),
    ])
    func mergesThatNoScoresMakeAreRefused(merges: [String], why: String) throws {
        var object = sentencePiece(merges)
        if merges.contains("h e") {
            var model = try #require(object["model"] as? Object)
            var words = try #require(model["vocab"] as? [String: Int])
            words["he"] = 267
            model["vocab"] = words
            object["model"] = model
        }
        let tokenizer = try tokenizer(object)
        let text = thrownText { _ = try Vocabulary(tokenizer, rows: 268, file: "t.json") }
        #expect(
            text.hasPrefix("t.json: 'model.merges' is a list in which \(why), which llama.cpp"), "\(text)")
    }

    /// Runs of spaces as Llama 2 has them: of one score, but for those of two. llama.cpp then makes the
    /// longest from the left, as these merges do.
    @Test func mixedPairsOfRunsOfSpacesShareAScore() throws {
        let runs = ["▁▁▁ ▁", "▁▁ ▁▁", "▁▁ ▁", "▁ ▁▁▁", "▁ ▁▁", "▁ ▁"]
        var object = sentencePiece(["t h", "th e", "▁ the", "▁ t"] + runs)
        var model = try #require(object["model"] as? Object)
        var words = try #require(model["vocab"] as? [String: Int])
        (words["▁▁"], words["▁▁▁"], words["▁▁▁▁"]) = (267, 268, 269)
        model["vocab"] = words
        object["model"] = model
        let vocabulary = try Vocabulary(tokenizer(object), rows: 270, file: "t.json")
        #expect(vocabulary.scores.map { Array($0[266...]) } == [-4, -6, -5, -5])
    }

    @Test func rulesThatWouldBeLostAreRefused() throws {
        var object = sentencePiece(["t h", "th e", "▁ the", "▁ t"])
        object["normalizer"] = ["type": "NFKC"]
        #expect(
            thrownText { _ = try Vocabulary(tokenizer(object), rows: 267, file: "t.json") }
                .hasPrefix("t.json: 'normalizer' is of another form, which llama.cpp does not have"))
        let stripping = sentencePiece(
            ["t h", "th e", "▁ the", "▁ t"], more: [added(267, "<mask>", rstrip: true)])
        #expect(
            thrownText { _ = try Vocabulary(tokenizer(stripping), rows: 268, file: "t.json") }
                == "t.json: 'added_tokens' is \"<mask>\" with lstrip, rstrip or single_word, which llama.cpp "
                + "does not have; it has none of the three")
    }
}
