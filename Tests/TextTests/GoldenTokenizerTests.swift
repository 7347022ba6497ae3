import Foundation
import TestSupport
import Testing
import Text

/// One line of `<name>.jsonl`: what the PyPI `tokenizers` library made of a text.
struct GoldenEncoding: Decodable {
    let id: String
    let text: String
    let ids: [Int32]
    let ids_special: [Int32]
    let decoded: String
    let decoded_skip: String
}

/// A published tokenizer with golden encodings beside it.
struct GoldenSet: CustomTestStringConvertible, Sendable {
    let name: String
    let folder: URL
    var testDescription: String { name }

    static let all: [GoldenSet] = Fixtures.folders("tokenizers").flatMap { folder in
        ["qwen2", "qwen3", "llama-spm"].map { GoldenSet(name: $0, folder: folder) }
    }.filter {
        Fixtures.has("\($0.name)/tokenizer.json", in: $0.folder)
            && Fixtures.has("\($0.name).jsonl", in: $0.folder)
    }
    /// Those with llama.cpp's vectors beside them.
    static let llamaCpp = all.filter {
        $0.name != "qwen3" && Fixtures.has("llamacpp-\($0.name).inp", in: $0.folder)
            && Fixtures.has("llamacpp-\($0.name).out", in: $0.folder)
    }

    var tokenizer: URL { folder.appendingPathComponent(name) }

    func encodings() throws -> [GoldenEncoding] {
        let lines = try Data(contentsOf: folder.appendingPathComponent("\(name).jsonl")).split(
            separator: 0x0A)
        return try lines.map { try JSONDecoder().decode(GoldenEncoding.self, from: $0) }
    }
}

/// The published tokenizers are not ours to copy: these tests run where `$ALIGN_TI_FIXTURES` holds them.
@Suite(.enabled(if: !GoldenSet.all.isEmpty))
struct GoldenTokenizerTests {
    @Test(arguments: GoldenSet.all)
    func everyTextEncodesAndDecodesAsTheReferenceLibraryDoes(_ set: GoldenSet) throws {
        let tokenizer = try Tokenizer(contentsOf: set.tokenizer)
        let encodings = try set.encodings()
        for golden in encodings {
            #expect(tokenizer.encode(golden.text, addSpecialTokens: false) == golden.ids, "\(golden.id)")
            #expect(
                tokenizer.encode(golden.text, addSpecialTokens: true) == golden.ids_special, "\(golden.id)")
            // Swift's String equality forgives normalisation forms; bytes do not.
            let decoded = tokenizer.decode(golden.ids, skipSpecialTokens: false)
            #expect(Array(decoded.utf8) == Array(golden.decoded.utf8), "\(golden.id)")
            let skipped = tokenizer.decode(golden.ids_special, skipSpecialTokens: true)
            #expect(Array(skipped.utf8) == Array(golden.decoded_skip.utf8), "\(golden.id)")
        }
    }

    @Test(arguments: GoldenSet.llamaCpp)
    func llamaCppVectorsAgree(_ set: GoldenSet) throws {
        let tokenizer = try Tokenizer(contentsOf: set.tokenizer)
        func text(_ end: String) throws -> String {
            let url = set.folder.appendingPathComponent("llamacpp-\(set.name).\(end)")
            return String(decoding: try Data(contentsOf: url), as: UTF8.self)
        }
        let separator = Array("\n__ggml_vocab_test__\n".utf8)
        // A separator stands behind every text, a line feed behind every line of ids.
        let texts = Array(try text("inp").utf8).split(separator: separator, omittingEmptySubsequences: false)
            .dropLast()
        let lines = try text("out").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(texts.count == lines.count)
        for (text, line) in zip(texts, lines) {
            let ids = line.split(separator: " ").compactMap { Int32($0) }
            #expect(tokenizer.encode(utf8: Array(text), addSpecialTokens: false) == ids)
        }
    }
}

@Suite(.enabled(if: Fixtures.real("models/stories260k/tokenizer.json") != nil))
struct StoriesTokenizerTests {
    struct Golden: Decodable {
        struct Prompt: Decodable {
            let prompt: String
            let input_ids: [Int32]
        }
        let free_greedy_ids: [Int32]
        let free_greedy_text: String
        let prompts: [Prompt]
    }

    @Test func aSmallPublishedTokenizerReadsItsModelsStory() throws {
        let url = try #require(Fixtures.real("models/stories260k"))
        let tokenizer = try Tokenizer(contentsOf: url)
        #expect(tokenizer.vocabularySize == 512)
        let data = try Data(contentsOf: url.appendingPathComponent("goldens.json"))
        let golden = try JSONDecoder().decode(Golden.self, from: data)
        #expect(tokenizer.decode(golden.free_greedy_ids, skipSpecialTokens: true) == golden.free_greedy_text)
        for prompt in golden.prompts {
            #expect(tokenizer.encode(prompt.prompt, addSpecialTokens: true) == prompt.input_ids)
        }
    }
}
