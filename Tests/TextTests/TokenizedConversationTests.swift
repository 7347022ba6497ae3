import Foundation
import TestSupport
import Testing
import Text

struct TokenizedConversationTests {
    private let ignored = TokenizedConversation.ignoreIndex

    @Test func theLeadingSpaceAndTheEndAreLearntInEveryTurn() throws {
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        let turns = [
            ConversationTurn(.human, "<image>\nq"), .init(.gpt, "a"), .init(.human, "r"), .init(.gpt, "b"),
        ]
        let segments = try ConversationTemplate(.vicuna, system: "S").segments(turns, imageCount: 1)
        let tokenized = TokenizedConversation(segments, tokenizer: tokenizer)
        let text =
            Array("S USER: ".utf8).map(Int32.init) + [-200] + Array("\nq ASSISTANT: a".utf8).map(Int32.init)
            + [258]
            + Array("USER: r ASSISTANT: b".utf8).map(Int32.init) + [258]
        #expect(tokenized.ids == text)
        let learnt = tokenized.labels.indices.filter { tokenized.labels[$0] != ignored }
        #expect(learnt.map { tokenized.ids[$0] } == [0x20, 0x61, 258, 0x20, 0x62, 258])
        #expect(learnt.map { tokenized.labels[$0] } == [0x20, 0x61, 258, 0x20, 0x62, 258])
        #expect(tokenized.roles.filter { $0 == .response }.count == 6)
        #expect(tokenized.roles.filter { $0 == .image }.count == 1)
        #expect(tokenized.supervisedCount == 6 && tokenized.mergedSeams == 0)
    }

    @Test func llamaStartsOnceAndTheAnswerTakesItsSpace() throws {
        let tokenizer = try TinyTokenizers.read(TinyTokenizers.sentencePiece())
        let segments: [Segment] = [
            .text("t", supervised: false), .image, .text("t", supervised: false),
            .text(" the</s>", supervised: true),
            .text("t", supervised: false), .text(" t</s>", supervised: true),
        ]
        let tokenized = TokenizedConversation(segments, tokenizer: tokenizer)
        // "t the</s>t t</s>" is ▁t ▁the </s> ▁t ▁t </s>: alone, " the" would be ▁ ▁the.
        #expect(tokenized.ids == [1, 266, -200, 266, 265, 2, 266, 266, 2])
        #expect(tokenized.labels == [-100, -100, -100, -100, 265, 2, -100, 266, 2])
    }

    @Test func aTokenAcrossTheSeamIsLearntAndCounted() throws {
        // "t" asks, "h" answers: one token holds both.
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        let tokenized = TokenizedConversation(
            [.text("at", supervised: false), .text("ha", supervised: true)], tokenizer: tokenizer)
        #expect(tokenized.ids == [0x61, 256, 0x61])
        #expect(tokenized.labels == [-100, 256, 0x61])
        #expect(tokenized.mergedSeams == 1)
    }

    @Test func anAnswerWithoutAPromptIsLearntFromItsFirstToken() throws {
        let tokenizer = try TinyTokenizers.read(try TinyTokenizers.byteLevel())
        let segments = try ConversationTemplate(.plain).segments(
            [.init(.human, "<image>"), .init(.gpt, "th")], imageCount: 1)
        let tokenized = TokenizedConversation(segments, tokenizer: tokenizer)
        #expect(tokenized.ids == [-200, 256, 0x0A])
        #expect(tokenized.labels == [-100, 256, 0x0A])
    }
}

/// The 500 published conversations against LLaVA's own procedure, written out here the way its `preprocess`
/// works.
@Suite(
    .enabled(if: Fixtures.real("llava-mix/train_500.json") != nil && Fixtures.real("tokenizers/qwen2") != nil)
)
struct PublishedConversationTests {
    struct Sample: Decodable {
        struct Turn: Decodable {
            let from: String
            let value: String
        }
        let conversations: [Turn]
    }

    private func samples() throws -> [[ConversationTurn]] {
        let url = try #require(Fixtures.real("llava-mix/train_500.json"))
        return try JSONDecoder().decode([Sample].self, from: Data(contentsOf: url)).map { sample in
            try sample.conversations.map {
                ConversationTurn(try #require(ConversationRole(rawValue: $0.from)), $0.value)
            }
        }
    }

    /// The whole conversation as one text, as LLaVA's `get_prompt` writes it.
    private func wholeText(_ turns: [ConversationTurn], _ end: String) -> String {
        var text = ConversationTemplate(.vicuna).system + " "
        for (index, turn) in turns.enumerated() {
            var value = turn.text
            if value.contains("<image>") {
                value = value.replacingOccurrences(of: "<image>", with: "").trimmingCharacters(
                    in: .whitespacesAndNewlines)
                value = ("<image>\n" + value).trimmingCharacters(in: .whitespacesAndNewlines)
            }
            text += index % 2 == 0 ? "USER: \(value) " : "ASSISTANT: \(value)\(end)"
        }
        return text
    }

    /// LLaVA's `tokenizer_image_token`: pieces apart, the opening token once.
    private func imageTokens(_ text: String, _ tokenizer: Tokenizer) -> [Int32] {
        var ids = tokenizer.specialPrefix
        for (index, piece) in text.components(separatedBy: "<image>").enumerated() {
            if index > 0 { ids.append(TokenizedConversation.imageTokenIndex) }
            ids += tokenizer.encode(piece, addSpecialTokens: false)
        }
        return ids
    }

    @Test(arguments: [("qwen2", "<|endoftext|>"), ("llama-spm", "</s>")])
    func piecesTogetherAreTheTokensOfTheWhole(_ name: String, _ end: String) throws {
        let tokenizer = try Tokenizer(contentsOf: try #require(Fixtures.real("tokenizers/\(name)")))
        let template = ConversationTemplate(.vicuna, endText: end)
        let samples = try samples()
        #expect(samples.count == 500)
        for turns in samples {
            let tokenized = TokenizedConversation(
                try template.segments(turns, imageCount: 1), tokenizer: tokenizer)
            #expect(tokenized.ids == imageTokens(wholeText(turns, end), tokenizer))
            #expect(tokenized.mergedSeams == 0)
            // What is learnt reads as the answers, each with its end.
            let learnt = tokenizer.decode(tokenized.labels.filter { $0 >= 0 }, skipSpecialTokens: false)
            let answers = turns.filter { $0.role == .gpt }.map { " \($0.text)\(end)" }.joined()
            // Another decoder than Qwen2's strips the first space.
            let expected = name == "qwen2" ? answers : String(answers.dropFirst())
            #expect(
                learnt.precomposedStringWithCanonicalMapping == expected.precomposedStringWithCanonicalMapping
            )
        }
    }

    @Test func labelsAreThoseOfLLaVAsLengthArithmetic() throws {
        let tokenizer = try Tokenizer(contentsOf: try #require(Fixtures.real("tokenizers/qwen2")))
        let end = "<|endoftext|>"
        for turns in try samples() {
            let text = wholeText(turns, end)
            var labels = imageTokens(text, tokenizer)
            var position = 0
            for round in text.components(separatedBy: end) where !round.isEmpty {
                let parts = round.components(separatedBy: " ASSISTANT: ")
                try #require(parts.count == 2)
                // Less 1: the prompt part ends with the space that belongs to the answer's first token.
                let masked = imageTokens(parts[0] + " ASSISTANT: ", tokenizer).count - 1
                for index in position..<position + masked { labels[index] = -100 }
                position += imageTokens(round, tokenizer).count + 1
            }
            let segments = try ConversationTemplate(.vicuna).segments(turns, imageCount: 1)
            #expect(TokenizedConversation(segments, tokenizer: tokenizer).labels == labels)
        }
    }
}
