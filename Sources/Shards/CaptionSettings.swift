import Settings
import Text

/// Captions instead of conversations: one question about the picture, whose answer is all short answers of
/// the conversation, joined by commas. Few tokens that all depend on the picture teach a fresh projector to
/// see long before whole conversations do, most of whose tokens the language model can guess.
public struct CaptionSettings: Recipe, Equatable {
    @Setting(
        "The question of a caption; with it captions are packed.",
        null: "conversations are packed as they are")
    public var prompt: String?
    @Setting("Words of an answer at most that becomes part of a caption.", in: 1...1000)
    public var longestAnswer = 6

    public init() {}

    /// The sample to pack for `sample`: itself where no caption is asked for.
    ///
    /// - Throws: `SampleProblem.noShortAnswer`
    package func sample(of sample: LlavaSample) throws(SampleProblem) -> LlavaSample {
        guard let prompt else { return sample }
        let answers = sample.turns.filter { turn in
            let words = turn.text.split(whereSeparator: \.isWhitespace).count
            return turn.role == .gpt && (1...longestAnswer).contains(words)
        }
        guard !answers.isEmpty else { throw .noShortAnswer(words: longestAnswer) }
        return LlavaSample(
            id: sample.id, image: sample.image,
            turns: [
                ConversationTurn(.human, sample.image == nil ? prompt : "<image>\n\(prompt)"),
                ConversationTurn(.gpt, answers.map(\.text).joined(separator: ", ")),
            ])
    }
}
