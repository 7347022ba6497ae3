import Files
import Foundation
import TestSupport
import Testing
import Text
import World

@Suite struct WorldTokenizerTests {
    static func tokenizer(_ settings: WorldSettings = .small()) throws -> (Tokenizer, EmbeddedWorld) {
        try withTemporaryFolder { folder in
            let world = try EmbeddedWorld(settings)
            try world.write(to: folder)
            return (
                try Tokenizer(contentsOf: folder.appendingPathComponent("tokenizer/tokenizer.json")), world
            )
        }
    }

    static let template = ConversationTemplate(.vicuna)

    static func tokens(_ sample: Conversation, _ tokenizer: Tokenizer) throws -> TokenizedConversation {
        var turns: [ConversationTurn] = []
        for (index, turn) in sample.turns.enumerated() {
            turns.append(
                ConversationTurn(.human, (index == 0 && sample.image != nil ? "<image>\n" : "") + turn.prompt)
            )
            turns.append(ConversationTurn(.gpt, turn.answer))
        }
        let segments = try template.segments(turns, imageCount: sample.image == nil ? 0 : 1)
        return TokenizedConversation(segments, tokenizer: tokenizer)
    }

    @Test func theTemplateFindsItsTokens() throws {
        let (tokenizer, _) = try Self.tokenizer()
        try Self.template.check(tokenizer)
        #expect(tokenizer.vocabularySize <= 512)
        #expect(tokenizer.endOfTextID.map(tokenizer.isSpecial) == true)
        #expect(tokenizer.addedID(of: "<image>").map(tokenizer.isSpecial) == true)
    }

    /// 30 % and more shorter; a place is one token and survives decoding.
    @Test func phrasesAreSingleTokens() throws {
        let (tokenizer, world) = try Self.tokenizer()
        let place = tokenizer.encode(" b3", addSpecialTokens: false)
        #expect(place.count == 1)
        #expect(tokenizer.decode(place, skipSpecialTokens: true) == " b3")
        var settings = WorldSettings.small()
        settings.phraseTokens = false
        let (plain, _) = try Self.tokenizer(settings)
        #expect(plain.encode(" b3", addSpecialTokens: false).count > 1)
        func length(_ tokenizer: Tokenizer) throws -> Int {
            try world.sets.mixed.reduce(0) { try $0 + Self.tokens($1, tokenizer).ids.count }
        }
        #expect(Double(try length(tokenizer)) < 0.65 * Double(try length(plain)))
    }

    @Test func captionsHaveTwentyToSeventyTokens() throws {
        let (tokenizer, world) = try Self.tokenizer()
        for sample in world.sets.captions + world.sets.heldout {
            #expect((20...70).contains(try Self.tokens(sample, tokenizer).supervisedCount))
        }
    }

    /// With enough entries every word of the world is one token.
    @Test func wordsAreSingleTokens() throws {
        var settings = WorldSettings.small()
        settings.teacherImages = 1500
        let (tokenizer, world) = try Self.tokenizer(settings)
        for sample in world.sets.captions.prefix(200) {
            let words = sample.turns[0].answer.split(separator: " ").count
            #expect(try Self.tokens(sample, tokenizer).supervisedCount == words + 1)
        }
    }

    @Test func labelsAreTheAnswers() throws {
        let (tokenizer, world) = try Self.tokenizer()
        for sample in world.sets.mixed.prefix(50) {
            let labels = try Self.tokens(sample, tokenizer).labels.filter { $0 >= 0 }
            let expected = sample.turns.map { " \($0.answer)<|endoftext|>" }.joined()
            #expect(tokenizer.decode(labels, skipSpecialTokens: false) == expected)
        }
    }
}
