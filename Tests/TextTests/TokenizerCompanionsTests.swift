import Foundation
import TestSupport
import Testing
import Text

/// What stands beside `tokenizer.json` and would give other ids.
@Suite struct TokenizerCompanionsTests {
    private func tokenizer(_ files: [String: String]) throws -> Tokenizer {
        try withTemporaryFolder { folder in
            for (name, text) in files {
                try Data(text.utf8).write(to: folder.appendingPathComponent(name))
            }
            return try Tokenizer(contentsOf: folder)
        }
    }

    private var words: String {
        get throws {
            let trained = try BPETrainer(vocabularySize: 260, specialTokens: ["<|endoftext|>"]).train(on: [
                "a"
            ])
            return String(decoding: trained, as: UTF8.self)
        }
    }

    @Test(arguments: [
        ("added_tokens.json", #"{"<tok>": 300}"#, "added_tokens"),
        (
            "tokenizer_config.json", #"{"added_tokens_decoder": {"300": {"content": "<tok>"}}}"#,
            "added_tokens_decoder"
        ),
        (
            "tokenizer_config.json", #"{"additional_special_tokens": [{"content": "<tok>"}]}"#,
            "additional_special_tokens"
        ),
        ("tokenizer_config.json", #"{"additional_special_tokens": ["<tok>"]}"#, "additional_special_tokens"),
    ]) func aTokenThatIsAddedElsewhereIsRefusedByName(file: String, text: String, field: String) throws {
        #expect {
            _ = try tokenizer(["tokenizer.json": words, file: text])
        } throws: {
            "\($0)".contains("\(file): '\(field)' is the token '<tok>', which tokenizer.json lacks")
        }
        let known = text.replacing("<tok>", with: "<|endoftext|>")
        #expect(try tokenizer(["tokenizer.json": words, file: known]).vocabularySize > 256)
    }

    @Test func aVocabularyOfAnotherFormIsSaid() throws {
        #expect {
            _ = try tokenizer(["vocab.json": "{}", "merges.txt": ""])
        } throws: {
            "\($0)".contains("'tokenizer' is vocab.json") && "\($0)".contains("save_pretrained")
        }
        #expect { _ = try tokenizer([:]) } throws: { "\($0)".contains("tokenizer.json: no such file") }
    }
}
