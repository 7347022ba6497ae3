import Files
import Foundation
import Testing
import Text

/// Every malformed tokenizer.json is an error that names the file and the field.
struct TokenizerErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        /// The error, without the file in front.
        let text: String
        let alter: @Sendable (TinyTokenizers.Object) -> TinyTokenizers.Object
        var testDescription: String { name }

        init(
            _ name: String, _ text: String,
            _ alter: @escaping @Sendable (TinyTokenizers.Object) -> TinyTokenizers.Object
        ) {
            self.name = name
            self.text = text
            self.alter = alter
        }
    }

    static let cases: [Case] = [
        Case(
            "no model",
            "'model' is null, expected an "
                + "object"
        ) { TinyTokenizers.with($0, "model", NSNull()) },
        Case(
            "model of another kind",
            "'model.type' is \"WordPiece\", which is not supported; supported: "
                + "BPE"
        ) {
            TinyTokenizers.withModel($0, "type", "WordPiece")
        },
        Case("vocabulary is a list", "'model.vocab' is [\"a\"], expected an object") {
            TinyTokenizers.withModel($0, "vocab", ["a"])
        },
        Case(
            "empty vocabulary",
            "'model.vocab' is an object of 0 keys, expected at least one "
                + "token"
        ) { TinyTokenizers.withModel($0, "vocab", [String: Int]()) },
        Case(
            "negative id",
            "'model.vocab.a' is -1, expected an id from 0 to "
                + "1048575"
        ) { TinyTokenizers.withModel($0, "vocab", ["a": -1]) },
        Case(
            "fractional id",
            "'model.vocab.a' is 0.5, expected an id from 0 to "
                + "1048575"
        ) { TinyTokenizers.withModel($0, "vocab", ["a": 0.5]) },
        Case("huge id", "'model.vocab.a' is 4000000000, expected an id from 0 to 1048575") {
            TinyTokenizers.withModel($0, "vocab", ["a": 4_000_000_000])
        },
        Case("one id twice", "'model.vocab.b' is id 1 a second time, expected an id for each token") {
            TinyTokenizers.withModel($0, "vocab", ["a": 1, "b": 1])
        },
        Case(
            "no merges",
            "'model.merges' is missing, expected an "
                + "array"
        ) { TinyTokenizers.withModel($0, "merges", nil) },
        Case(
            "merge of three",
            "'model.merges[1]' is \"t h e\", expected \"left right\" or [\"left\", "
                + "\"right\"]"
        ) {
            TinyTokenizers.withModel($0, "merges", ["t h", "t h e"])
        },
        Case(
            "merge of an unknown token",
            "'model.merges[0]' is \"x y\", expected both parts and their "
                + "concatenation in model.vocab"
        ) {
            TinyTokenizers.withModel($0, "merges", ["x y"])
        },
        Case(
            "merge into an unknown token",
            "'model.merges[0]' is [\"e\", \"h\"], expected both parts and "
                + "their concatenation in model.vocab"
        ) {
            TinyTokenizers.withModel($0, "merges", [["e", "h"]])
        },
        Case(
            "dropout",
            "'model.dropout' is 0.1, which is not supported; supported: null: dropout makes ids "
                + "random"
        ) { TinyTokenizers.withModel($0, "dropout", 0.1) },
        Case(
            "subword prefix",
            "'model.continuing_subword_prefix' is \"##\", which is not supported; "
                + "supported: null or \"\""
        ) {
            TinyTokenizers.withModel($0, "continuing_subword_prefix", "##")
        },
        Case("unknown token unknown", "'model.unk_token' is \"[UNK]\", expected a token of model.vocab") {
            TinyTokenizers.withModel($0, "unk_token", "[UNK]")
        },
        Case("byte fallback is a word", "'model.byte_fallback' is \"yes\", expected true or false") {
            TinyTokenizers.withModel($0, "byte_fallback", "yes")
        },
        Case(
            "unknown normalizer",
            "'normalizer.type' is \"Precompiled\", which is not supported; "
                + "supported: NFC, NFD, NFKC, NFKD, Lowercase, Prepend, Replace, Strip, Sequence"
        ) {
            TinyTokenizers.with($0, "normalizer", ["type": "Precompiled"])
        },
        Case("normalizer without type", "'normalizer.type' is missing, expected a string") {
            TinyTokenizers.with($0, "normalizer", ["kind": "NFC"])
        },
        Case(
            "regex replacement",
            "'normalizer.pattern.Regex' is \"a+\", which is not supported; supported: "
                + "{\"String\": …} here"
        ) {
            TinyTokenizers.with(
                $0, "normalizer", ["type": "Replace", "pattern": ["Regex": "a+"], "content": "b"])
        },
        Case(
            "unknown split expression",
            "'pre_tokenizer.pattern.Regex' is \"\\w+\", which is not "
                + "supported; supported: the split expressions of GPT-2, Qwen2/Qwen3 and Llama 3, "
                + "character for "
                + "character"
        ) {
            TinyTokenizers.with(
                $0, "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\w+"], "behavior": "Isolated"])
        },
        Case(
            "split that drops",
            "'pre_tokenizer.behavior' is \"Removed\", which is not supported; "
                + "supported: Isolated"
        ) {
            TinyTokenizers.with(
                $0, "pre_tokenizer",
                ["type": "Split", "pattern": ["Regex": SplitPattern.gpt2.expression], "behavior": "Removed"])
        },
        Case(
            "step after ByteLevel",
            "'pre_tokenizer.pretokenizers[1].type' is \"Digits\", which is not "
                + "supported; supported: no step after ByteLevel, which turns the text into byte symbols"
        ) {
            TinyTokenizers.with(
                $0, "pre_tokenizer",
                ["type": "Sequence", "pretokenizers": [["type": "ByteLevel"], ["type": "Digits"]]])
        },
        Case(
            "unknown post-processor",
            "'post_processor.type' is \"BertProcessing\", which is not "
                + "supported; supported: TemplateProcessing, ByteLevel, Sequence"
        ) {
            TinyTokenizers.with($0, "post_processor", ["type": "BertProcessing"])
        },
        Case(
            "post-processor id without token",
            "'post_processor' is id 5000, expected ids of model.vocab "
                + "or added_tokens"
        ) {
            TinyTokenizers.with(
                $0, "post_processor",
                [
                    "type": "TemplateProcessing",
                    "single": [["SpecialToken": ["id": "x"]], ["Sequence": ["id": "A"]]],
                    "special_tokens": ["x": ["ids": [5000]]],
                ])
        },
        Case(
            "unknown decoder",
            "'decoder.type' is \"CTC\", which is not supported; supported: ByteLevel, "
                + "ByteFallback, Fuse, Replace, Strip, Metaspace, Sequence"
        ) {
            TinyTokenizers.with($0, "decoder", ["type": "CTC"])
        },
        Case("added token without content", "'added_tokens[0].content' is missing, expected a string") {
            TinyTokenizers.with($0, "added_tokens", [["id": 3]])
        },
        Case("added token twice", "'added_tokens[1]' is \"x\", expected every added token once") {
            TinyTokenizers.with(
                $0, "added_tokens", [TinyTokenizers.added(300, "x"), TinyTokenizers.added(301, "x")])
        },
        Case(
            "added token on another's id",
            "'added_tokens[0]' is \"x\", expected an id of its own: 260 is "
                + "\"t\""
        ) {
            TinyTokenizers.with($0, "added_tokens", [TinyTokenizers.added(260, "x")])
        },
        Case(
            "added token with another id",
            "'added_tokens[0]' is \"t\", expected id 260, as model.vocab "
                + "says"
        ) {
            TinyTokenizers.with($0, "added_tokens", [TinyTokenizers.added(300, "t")])
        },
    ]

    @Test(arguments: cases)
    func aMalformedFileNamesFileAndField(_ wrong: Case) throws {
        let error = #expect(throws: (any Error).self) {
            try TinyTokenizers.read(wrong.alter(TinyTokenizers.sentencePiece()))
        }
        #expect("\(error, default: "none")" == "tiny.json: \(wrong.text)")
    }

    @Test(arguments: [
        ("", 0), ("{", 1), ("{\"a\": }", 6), ("{\"a\": 1,}", 8), ("[1 2]", 3), ("{\"a\": \"\\x\"}", 8),
        ("{\"a\": \"\\ud800\"}", 13),
        ("nul", 0), ("{} {}", 3), ("\"abc", 4), (String(repeating: "[", count: 5000), 256), ("1e999", 0),
    ])
    func brokenJSONNamesItsOffset(_ text: String, _ offset: Int) throws {
        let error = #expect(throws: FilesError.self) {
            try Tokenizer(json: Array(text.utf8), file: "broken.json")
        }
        guard case .notJSON("broken.json", let failure)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.offset == offset)
    }

    @Test func invalidUTF8NamesItsOffset() {
        let error = #expect(throws: FilesError.self) {
            try Tokenizer(json: [0x22, 0x61, 0x61, 0xFF, 0x22], file: "x")
        }
        guard case .notJSON("x", let failure)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(failure.offset == 3 && failure.expected == "valid UTF-8")
    }

    @Test func whatIsNoObjectIsRefused() {
        #expect(throws: FilesError.badField(place: "x", field: "", found: "7", expected: "an object")) {
            try Tokenizer(json: Array("7".utf8), file: "x")
        }
    }

    @Test func everyCutOfAFileIsRefused() throws {
        let whole = try BPETrainer(vocabularySize: 260).train(on: ["the other the other"])
        _ = try Tokenizer(json: whole, file: "whole.json")
        for count in stride(from: 0, to: whole.count - 2, by: 37) {
            #expect(throws: FilesError.self) {
                try Tokenizer(json: Array(whole.prefix(count)), file: "cut.json")
            }
        }
    }
}
