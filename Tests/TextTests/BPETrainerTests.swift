import Foundation
import Testing
import Text

struct BPETrainerTests {
    private let corpus = ["the cat sat on the mat", "the cat, the hat<|endoftext|>the end", "café 12 12 12"]

    @Test func theMostFrequentPairIsMergedFirst() throws {
        // at, he and th occur five times each; the smallest left id goes first: a, then h, then t.
        let json = try BPETrainer(vocabularySize: 259).train(on: corpus)
        let tokenizer = try Tokenizer(json: json, file: "trained")
        #expect(tokenizer.token(of: 256) == "at")
        #expect(tokenizer.token(of: 257) == "he")
        #expect(tokenizer.token(of: 258) == "<|endoftext|>")
        #expect(tokenizer.vocabularySize == 259)
    }

    @Test func theSameCorpusGivesTheSameBytes() throws {
        let trainer = BPETrainer(vocabularySize: 280)
        #expect(try trainer.train(on: corpus) == trainer.train(on: corpus))
        #expect(try trainer.train(on: corpus) == trainer.train(on: corpus.reversed()))
    }

    @Test func everyTextComesBack() throws {
        let tokenizer = try Tokenizer(
            json: try BPETrainer(vocabularySize: 300).train(on: corpus), file: "trained")
        for text in corpus + ["unseen Ω 🙂\n", "\u{0}", ""] {
            let ids = tokenizer.encode(text, addSpecialTokens: true)
            #expect(tokenizer.decode(ids, skipSpecialTokens: false) == text)
        }
        // Training made the corpus shorter than its bytes.
        #expect(tokenizer.encode(corpus[0], addSpecialTokens: true).count < corpus[0].utf8.count * 2 / 3)
    }

    @Test func rarePairsAreNotMerged() throws {
        let tokenizer = try Tokenizer(
            json: try BPETrainer(vocabularySize: 1000).train(on: ["abc"]), file: "trained")
        #expect(tokenizer.vocabularySize == 257)
        let all = try BPETrainer(vocabularySize: 1000, minimumCount: 1).train(on: ["abc"])
        #expect(try Tokenizer(json: all, file: "trained").vocabularySize == 259)
    }

    @Test func specialTokensAreNoPartOfMerges() throws {
        let json = try BPETrainer(vocabularySize: 400, specialTokens: ["<|endoftext|>", "<\"quoted\\\">"])
            .train(on: corpus)
        let tokenizer = try Tokenizer(json: json, file: "trained")
        #expect(
            (0..<Int32(tokenizer.vocabularySize - 2)).allSatisfy {
                tokenizer.token(of: $0)?.contains("endof") == false
            })
        let id = try #require(tokenizer.id(of: "<\"quoted\\\">"))
        #expect(tokenizer.encode("a<\"quoted\\\">", addSpecialTokens: false) == [0x61, id])
        #expect(tokenizer.isSpecial(id))
    }

    @Test func settingsAreChecked() {
        #expect(throws: TextError.self) { try BPETrainer(vocabularySize: 256).train(on: corpus) }
        #expect(throws: TextError.self) {
            try BPETrainer(vocabularySize: 300, specialTokens: ["a", "a"]).train(on: corpus)
        }
        #expect(throws: TextError.self) { try BPETrainer(vocabularySize: 300).train(on: [String]()) }
    }

    @Test func theConfigurationNamesTheEndToken() throws {
        let data = Data(BPETrainer.configuration(endToken: "<|endoftext|>", maximumLength: 2048))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["eos_token"] as? String == "<|endoftext|>")
        #expect(object["model_max_length"] as? Int == 2048)
    }
}
