import Autograd
import Files
import Foundation
import Images
import Models
import Settings
import Stage
import Text

/// A conversation with a model about one picture, or none.
struct Dialogue {
    /// An answer and what it took.
    struct Answer {
        let text: String
        let promptTokens, tokens: Int
        let ending: Generated.Ending
    }

    private let model: LlavaModel
    private let tokenizer: Tokenizer
    private let template: ConversationTemplate
    private let recipe: AskingSettings
    private let visual: Value?  // [visual tokens, hidden]
    private var history: [Exchange] = []

    /// - Parameters:
    ///   - folder: the checkpoint, with its tokenizer
    ///   - image: a picture's file
    /// - Throws: `ModelsError`, `FilesError`, `TextError`, `ImageError`
    init(model folder: URL, image: URL?, _ recipe: AskingSettings) throws {
        model = try LlavaModel(folder: folder, mapped: true)
        StandardError.write(model.notices, of: "ask-model")
        tokenizer = try Tokenizer(contentsOf: folder)
        template = try ConversationTemplate(
            recipe.template, system: recipe.system, endText: recipe.endText, of: folder)
        if try recipe.template == nil && !ConversationTemplate.isNamed(in: folder) {
            StandardError.write(
                "ask-model: the folder names no template, so the model is asked as a "
                    + "\(template.kind.rawValue) one; --set template=chatml asks otherwise")
        }
        try template.check(tokenizer)
        self.recipe = recipe
        let model = model
        visual = try image.map { url in
            guard let processor = model.imageProcessor else { throw ModelsError.noVision }
            let picture = try decodeTransparentImage(
                InputBytes.read(url), name: url.path,
                background: SettingProblem.requireColour(recipe.background, "background"))
            if picture.isTransparent, recipe.background == nil {
                StandardError.write(
                    "ask-model: the picture has clear parts, which show the colours stored under them; "
                        + "--set 'background=[255, 255, 255]' lays it on white")
            }
            return try model.visualTokens(pixels: processor.process(picture.image))
        }
    }

    /// Asks one question; what was said before is part of the prompt.
    ///
    /// - Parameters:
    ///   - beforeStep: called before each token; it may throw to stop
    ///   - said: receives the answer piece by piece
    /// - Throws: `StageError.usage` for a prompt longer than the model's positions, and what the closures
    ///   throw
    mutating func ask(_ question: String, beforeStep: () throws -> Void, said: (String) -> Void) throws
        -> Answer
    {
        let isFirst = history.isEmpty
        let segments = template.promptSegments(
            after: history, for: question, hasImage: isFirst && visual != nil)
        let prompt = TokenizedConversation(segments, tokenizer: tokenizer)
            .ids(visualTokens: model.visualTokensPerImage)
        let positions = model.configuration.text.maximumPositions
        guard prompt.ids.count < positions else {
            throw StageError.usage(
                "the prompt has \(prompt.ids.count) tokens, the model takes fewer than \(positions); ask "
                    + "something shorter, or begin a new dialogue")
        }
        var settings = GenerationSettings(
            maximumNewTokens: min(recipe.maximumNewTokens, positions - prompt.ids.count),
            endOfSequenceIDs: template.endIDs(
                tokenizer, model: model.configuration.text.endOfSequenceIDs),
            sampling: recipe.sampling, slots: 1)
        // Rows of the embedding table that stand for no token are no answer.
        settings.vocabulary = min(tokenizer.vocabularySize, model.language.vocabularySize)
        var shown = StreamedText()
        var result: Generated?
        let embedded = try model.embed(ids: prompt.ids, visual: visual)
        let turn = UInt64(history.count)
        try model.language.generate(
            count: 1, settings: settings, stream: { _ in turn }, beforeStep: beforeStep,
            prompt: { _ in Prompt(embedded) },
            grown: { _, answer in
                said(shown.grow(to: tokenizer.decode(answer.answerIDs, skipSpecialTokens: true)))
            },
            finished: { result = $1 })
        let text = tokenizer.decode(result?.answerIDs ?? [], skipSpecialTokens: true)
        said(shown.finish(with: text))
        let stripped = text.trimmingCharacters(in: CharacterSet.whitespacesAndNewlines)
        history.append(
            Exchange(hasImage: isFirst && visual != nil, question: question, answer: stripped))
        return Answer(
            text: stripped, promptTokens: prompt.ids.count, tokens: result?.ids.count ?? 0,
            ending: result?.ending ?? .length)
    }
}
