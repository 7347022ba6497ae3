import Foundation
import Testing
import Text

/// Every malformed tokenizer.json is an error that names the file and the field.
struct TokenizerErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let mentions: [String]
        let alter: @Sendable (TinyTokenizers.Object) -> TinyTokenizers.Object
        var testDescription: String { name }

        init(
            _ name: String, _ mentions: [String],
            _ alter: @escaping @Sendable (TinyTokenizers.Object) -> TinyTokenizers.Object
        ) {
            self.name = name
            self.mentions = mentions
            self.alter = alter
        }
    }

    static let cases: [Case] = [
        Case("no model", ["'model'", "missing"]) { TinyTokenizers.with($0, "model", NSNull()) },
        Case("model of another kind", ["model.type", "WordPiece"]) {
            TinyTokenizers.withModel($0, "type", "WordPiece")
        },
        Case("vocabulary is a list", ["model.vocab", "array"]) {
            TinyTokenizers.withModel($0, "vocab", ["a"])
        },
        Case("empty vocabulary", ["model.vocab"]) { TinyTokenizers.withModel($0, "vocab", [String: Int]()) },
        Case("negative id", ["model.vocab", "-1"]) { TinyTokenizers.withModel($0, "vocab", ["a": -1]) },
        Case("fractional id", ["model.vocab", "0.5"]) { TinyTokenizers.withModel($0, "vocab", ["a": 0.5]) },
        Case("huge id", ["model.vocab", "4000000000"]) {
            TinyTokenizers.withModel($0, "vocab", ["a": 4_000_000_000])
        },
        Case("one id twice", ["model.vocab", "second time"]) {
            TinyTokenizers.withModel($0, "vocab", ["a": 1, "b": 1])
        },
        Case("no merges", ["model.merges", "missing"]) { TinyTokenizers.withModel($0, "merges", nil) },
        Case("merge of three", ["model.merges[1]"]) {
            TinyTokenizers.withModel($0, "merges", ["t h", "t h e"])
        },
        Case("merge of an unknown token", ["model.merges[0]", "x y"]) {
            TinyTokenizers.withModel($0, "merges", ["x y"])
        },
        Case("merge into an unknown token", ["model.merges[0]"]) {
            TinyTokenizers.withModel($0, "merges", [["e", "h"]])
        },
        Case("dropout", ["model.dropout", "0.1"]) { TinyTokenizers.withModel($0, "dropout", 0.1) },
        Case("subword prefix", ["continuing_subword_prefix"]) {
            TinyTokenizers.withModel($0, "continuing_subword_prefix", "##")
        },
        Case("unknown token unknown", ["model.unk_token"]) {
            TinyTokenizers.withModel($0, "unk_token", "[UNK]")
        },
        Case("byte fallback is a word", ["model.byte_fallback", "true or false"]) {
            TinyTokenizers.withModel($0, "byte_fallback", "yes")
        },
        Case("unknown normalizer", ["normalizer.type", "Precompiled"]) {
            TinyTokenizers.with($0, "normalizer", ["type": "Precompiled"])
        },
        Case("normalizer without type", ["normalizer.type", "missing"]) {
            TinyTokenizers.with($0, "normalizer", ["kind": "NFC"])
        },
        Case("regex replacement", ["normalizer.pattern.Regex"]) {
            TinyTokenizers.with(
                $0, "normalizer", ["type": "Replace", "pattern": ["Regex": "a+"], "content": "b"])
        },
        Case("unknown split expression", ["pre_tokenizer.pattern.Regex", "character for character"]) {
            TinyTokenizers.with(
                $0, "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\w+"], "behavior": "Isolated"])
        },
        Case("split that drops", ["pre_tokenizer.behavior", "Removed"]) {
            TinyTokenizers.with(
                $0, "pre_tokenizer",
                ["type": "Split", "pattern": ["Regex": SplitPattern.gpt2.expression], "behavior": "Removed"])
        },
        Case("step after ByteLevel", ["pre_tokenizer.pretokenizers[1].type"]) {
            TinyTokenizers.with(
                $0, "pre_tokenizer",
                ["type": "Sequence", "pretokenizers": [["type": "ByteLevel"], ["type": "Digits"]]])
        },
        Case("unknown post-processor", ["post_processor.type", "BertProcessing"]) {
            TinyTokenizers.with($0, "post_processor", ["type": "BertProcessing"])
        },
        Case("post-processor id without token", ["post_processor", "5000"]) {
            TinyTokenizers.with(
                $0, "post_processor",
                [
                    "type": "TemplateProcessing",
                    "single": [["SpecialToken": ["id": "x"]], ["Sequence": ["id": "A"]]],
                    "special_tokens": ["x": ["ids": [5000]]],
                ])
        },
        Case("unknown decoder", ["decoder.type", "CTC"]) {
            TinyTokenizers.with($0, "decoder", ["type": "CTC"])
        },
        Case("added token without content", ["added_tokens[0].content"]) {
            TinyTokenizers.with($0, "added_tokens", [["id": 3]])
        },
        Case("added token twice", ["added_tokens[1]"]) {
            TinyTokenizers.with(
                $0, "added_tokens", [TinyTokenizers.added(300, "x"), TinyTokenizers.added(301, "x")])
        },
        Case("added token on another's id", ["added_tokens[0]", "id of its own"]) {
            TinyTokenizers.with($0, "added_tokens", [TinyTokenizers.added(260, "x")])
        },
        Case("added token with another id", ["added_tokens[0]", "id 260"]) {
            TinyTokenizers.with($0, "added_tokens", [TinyTokenizers.added(300, "t")])
        },
    ]

    @Test(arguments: cases)
    func aMalformedFileNamesFileAndField(_ wrong: Case) throws {
        let error = #expect(throws: TextError.self) {
            try TinyTokenizers.read(wrong.alter(TinyTokenizers.sentencePiece()))
        }
        let text = try #require(error).description
        #expect(text.hasPrefix("tiny.json: "), "\(text)")
        for mention in wrong.mentions {
            #expect(text.contains(mention), "\(text) does not mention \(mention)")
        }
    }

    @Test(arguments: [
        ("", 0), ("{", 1), ("{\"a\": }", 6), ("{\"a\": 1,}", 8), ("[1 2]", 3), ("{\"a\": \"\\x\"}", 8),
        ("{\"a\": \"\\ud800\"}", 13),
        ("nul", 0), ("{} {}", 3), ("\"abc", 4), (String(repeating: "[", count: 5000), 64), ("1e999", 0),
    ])
    func brokenJSONNamesItsOffset(_ text: String, _ offset: Int) throws {
        let error = #expect(throws: TextError.self) {
            try Tokenizer(json: Array(text.utf8), file: "broken.json")
        }
        guard case .malformedJSON("broken.json", let found, _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == offset)
    }

    @Test func invalidUTF8NamesItsOffset() {
        #expect(throws: TextError.malformedJSON(file: "x", offset: 3, expected: "valid UTF-8")) {
            try Tokenizer(json: [0x22, 0x61, 0x61, 0xFF, 0x22], file: "x")
        }
        #expect(throws: TextError.badField(file: "x", field: "(top)", found: "7", expected: "an object")) {
            try Tokenizer(json: Array("7".utf8), file: "x")
        }
    }

    @Test func everyCutOfAFileIsRefused() throws {
        let whole = try BPETrainer(vocabularySize: 260).train(on: ["the other the other"])
        _ = try Tokenizer(json: whole, file: "whole.json")
        for count in stride(from: 0, to: whole.count - 2, by: 37) {
            #expect(throws: TextError.self) {
                try Tokenizer(json: Array(whole.prefix(count)), file: "cut.json")
            }
        }
    }
}
