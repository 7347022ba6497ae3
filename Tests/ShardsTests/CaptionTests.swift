import Shards
import Testing
import Text

@Suite struct CaptionTests {
    @Test func captionsAreTheShortAnswersOfAConversation() throws {
        var settings = CaptionSettings()
        let sample = LlavaSample(
            id: "a", image: "a.jpg",
            turns: [
                ConversationTurn(.human, "Which group?\n<image>"), ConversationTurn(.gpt, "Fruit"),
                ConversationTurn(.human, "Describe it."),
                ConversationTurn(.gpt, "A fruit that is eaten raw or cooked in many lands."),
                ConversationTurn(.human, "Which?"), ConversationTurn(.gpt, "Royal Gala"),
            ])
        #expect(try settings.sample(of: sample) == sample)
        settings.prompt = "What is this?"
        #expect(
            try settings.sample(of: sample).turns == [
                ConversationTurn(.human, "<image>\nWhat is this?"),
                ConversationTurn(.gpt, "Fruit, Royal Gala"),
            ])
        let wordy = LlavaSample(id: "b", image: nil, turns: Array(sample.turns[2...3]))
        #expect(throws: SampleProblem.noShortAnswer(words: 6)) { try settings.sample(of: wordy) }
    }
}
