import Benchmarks
import Files
import Models
import Text

/// Questions as the prompts of a model, and whether it can be asked them: known before it is loaded.
struct QuestionPrompts {
    let tokenizer: Tokenizer
    let template: ConversationTemplate
    private let configuration: LlavaConfiguration

    /// - Throws: `TextError` where the tokenizer lacks the template's markup,
    ///   `ModelsError.vocabularyTooSmall`
    init(
        _ configuration: LlavaConfiguration, _ tokenizer: Tokenizer, _ template: ConversationTemplate
    ) throws {
        (self.configuration, self.tokenizer, self.template) = (configuration, tokenizer, template)
        try template.check(tokenizer)
        guard tokenizer.vocabularySize <= configuration.text.vocabulary else {
            throw ModelsError.vocabularyTooSmall(
                rows: configuration.text.vocabulary, needed: tokenizer.vocabularySize,
                tokenizer: "the tokenizer")
        }
    }

    /// Fails for a question that is too long for the model.
    ///
    /// - Throws: `BenchmarkError.longQuestion`, `.longPrompt`
    func check(_ questions: some Sequence<Question>, of benchmark: String) throws {
        let most = min(configuration.text.maximumPositions, Limit.promptTokens.value)
        for question in questions {
            let bytes = question.text.utf8.count
            guard bytes <= Limit.questionBytes.value else {
                throw BenchmarkError.longQuestion(
                    benchmark: benchmark, question: "\(question.id)", bytes: bytes)
            }
            let tokens = ids(of: question).count
            guard tokens <= most else {
                throw BenchmarkError.longPrompt(
                    benchmark: benchmark, question: "\(question.id)", tokens: tokens, most: most)
            }
        }
    }

    /// The question in the conversation template, `[tokens]`.
    func ids(of question: Question) -> [Int32] {
        let segments = template.promptSegments(
            after: question.history, for: question.text, hasImage: question.hasImage)
        return TokenizedConversation(segments, tokenizer: tokenizer)
            .ids(visualTokens: configuration.visualTokensPerImage).ids
    }
}
