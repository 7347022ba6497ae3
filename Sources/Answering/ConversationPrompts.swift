import Files
import Foundation
import Models
import Text

/// Questions of conversations as the prompts of a model; known before its weights are loaded.
public struct ConversationPrompts: Sendable {
    let tokenizer: Tokenizer
    let template: ConversationTemplate
    let configuration: LlavaConfiguration

    /// - Parameter folder: of the model, with its tokenizer
    /// - Throws: `TextError` where the template is not the model's, or its tokenizer lacks the markup;
    ///   `ModelsError`, `FilesError` for files that are broken
    public init(model folder: URL, _ settings: WritingSettings) throws {
        configuration = try LlavaConfiguration(folder: folder)
        tokenizer = try Tokenizer(contentsOf: folder)
        template = try ConversationTemplate(
            settings.template, system: settings.system, endText: settings.endText, of: folder)
        try template.check(tokenizer)
        guard tokenizer.vocabularySize <= configuration.text.vocabulary else {
            throw ModelsError.vocabularyTooSmall(
                rows: configuration.text.vocabulary, needed: tokenizer.vocabularySize,
                tokenizer: "the tokenizer")
        }
    }

    /// A question in the conversation template, `[tokens]`.
    func ids(of question: String, hasImage: Bool, after history: [Exchange]) -> [Int32] {
        let segments = template.promptSegments(after: history, for: question, hasImage: hasImage)
        return TokenizedConversation(segments, tokenizer: tokenizer)
            .ids(visualTokens: configuration.visualTokensPerImage).ids
    }

    /// Tokens of a prompt at most, where the longest answer is to have room among the model's positions.
    func longestPrompt(before answer: Int) -> Int {
        min(configuration.text.maximumPositions - answer, Limit.promptTokens.value)
    }

    /// Greedy or by chance, ended by the template's end and the model's own ids.
    func generation(_ settings: WritingSettings) -> GenerationSettings {
        var generation = GenerationSettings(
            maximumNewTokens: settings.maximumNewTokens,
            endOfSequenceIDs: template.endIDs(tokenizer, model: configuration.text.endOfSequenceIDs),
            // An end that is one token is found without decoding.
            stopTexts: template.endID(tokenizer) == nil ? [template.endText] : [],
            sampling: settings.sampling, slots: settings.slots)
        // Rows of the embedding table that stand for no token are no answer.
        generation.vocabulary = tokenizer.vocabularySize
        return generation
    }

    /// The text of an answer, without its end and without white space around it.
    func text(of generated: Generated) -> String {
        let text = tokenizer.decode(generated.answerIDs, skipSpecialTokens: true)
        guard generated.ending == .stopText else { return text.trimmed }
        return text.components(separatedBy: template.endText)[0].trimmed
    }
}
