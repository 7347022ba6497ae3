import Text

/// The tokenizer of a world: byte-level BPE over its conversations.
///
/// Texts that every prompt repeats (the system sentence, the instruction lines, the letters of options) and
/// the names of cells are single tokens. Sequences become 30 to 50 % shorter, and a place is one prediction.
/// These are ordinary added tokens, not special ones, so decoding keeps them.
package struct WorldTokenizer {
    static let endToken = "<|endoftext|>"
    static let imageToken = "<image>"
    private static let maximumLength = 2048
    private static let corpusConversations = 8000

    /// Names and bytes below `tokenizer/`.
    package let files: [(name: String, bytes: [UInt8])]

    package init(_ settings: WorldSettings, sets: TrainingSets) throws {
        let template = ConversationTemplate(.vicuna)
        let phrases = settings.phraseTokens ? Self.phrases(template) : []
        let trainer = BPETrainer(
            vocabularySize: settings.vocabulary, pattern: .gpt2,
            specialTokens: [Self.endToken, Self.imageToken] + phrases)
        let samples =
            sets.captions.prefix(Self.corpusConversations) + sets.mixed.prefix(Self.corpusConversations)
        let trained = try trainer.train(on: samples.flatMap { Self.texts(of: $0, template) })
        let json = Self.unspecial(trained, phraseCount: phrases.count)
        let tokenizer = try Tokenizer(json: json, file: "tokenizer.json")
        for phrase in phrases {
            let ids = tokenizer.encode(phrase, addSpecialTokens: false)
            guard ids.count == 1, !tokenizer.isSpecial(ids[0]) else {
                throw WorldError.phraseNotEncoded(phrase: phrase, found: ids.count)
            }
        }
        files = [
            ("tokenizer.json", json),
            (
                "tokenizer_config.json",
                BPETrainer.configuration(endToken: Self.endToken, maximumLength: Self.maximumLength)
            ),
        ]
    }

    /// Texts that become single tokens. The opening of a turn includes its trailing space, so that a
    /// question's first word is the same token after `USER: ` as after the newline that follows an image.
    static func phrases(_ template: ConversationTemplate) -> [String] {
        ["\(template.system) USER: ", "USER: ", " ASSISTANT:"]
            + [Question.shortInstruction, Question.choiceInstruction, "Reference OCR token:"].map {
                "\n" + $0
            }
            + Question.letters.prefix(4).map { "\n\($0)." } + Cell.all.map { " " + $0.name }
    }

    /// Texts that the template makes of a conversation.
    private static func texts(of sample: Conversation, _ template: ConversationTemplate) -> [String] {
        sample.turns.flatMap { turn in
            template.promptSegments(for: turn.prompt, hasImage: sample.image != nil).compactMap { segment in
                if case .text(let text, _) = segment { text } else { nil }
            } + [" " + turn.answer]
        }
    }

    /// Marks the last `phraseCount` added tokens as not special. The trainer writes one token a line.
    private static func unspecial(_ json: [UInt8], phraseCount: Int) -> [UInt8] {
        var lines = String(decoding: json, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map(String.init)
        let added = lines.indices.filter { lines[$0].hasPrefix("    {\"id\": ") }
        for index in added.suffix(phraseCount) {
            lines[index] = lines[index].replacing("\"special\": true", with: "\"special\": false")
        }
        return Array(lines.joined(separator: "\n").utf8)
    }
}
