import Autograd
import Benchmarks
import Files
import Foundation
import Images
import Models
import Settings
import Tensors
import Text

/// Poses the questions of a benchmark to a model.
struct Answerer {
    let model: LlavaModel
    let prompts: QuestionPrompts
    let recipe: AnsweringSettings
    private let memory = VisualMemory()
    private var tokenizer: Tokenizer { prompts.tokenizer }

    init(model: LlavaModel, prompts: QuestionPrompts, recipe: AnsweringSettings) {
        (self.model, self.prompts, self.recipe) = (model, prompts, recipe)
    }

    /// Answers questions in any order and hands the records on in the order of the questions. What neighbours
    /// about one image have in common is computed once.
    ///
    /// - Parameters:
    ///   - beforeStep: called before each token; it may throw to stop
    ///   - record: receives each answer
    func answer(
        _ questions: [Question], of benchmark: any Benchmark, modelID: String, beforeStep: () throws -> Void,
        record: (AnswerRecord) throws -> Void
    ) throws {
        let rules = benchmark.answering
        let images = try ImageReader(for: questions)
        let settings = settings(rules)
        let beginnings = SharedBeginnings(questions)
        var waiting: [Int: AnswerRecord] = [:]
        var next = 0
        try model.language.generate(
            count: questions.count, settings: settings,
            text: { tokenizer.decode($0, skipSpecialTokens: false) },
            beforeStep: beforeStep,
            prompt: { try prompt(questions[$0], number: $0, images, rules, beginnings) },
            finished: { index, generated in
                let text = tokenizer.decode(generated.answerIDs, skipSpecialTokens: true)
                let cut = settings.stopTexts.reduce(text) { $0.components(separatedBy: $1)[0] }
                waiting[index] = AnswerRecord(
                    answering: questions[index], text: rules.clean(cut), modelID: modelID,
                    isCut: generated.ending == .length)
                while let ready = waiting.removeValue(forKey: next) {
                    try record(ready)
                    next += 1
                }
            })
    }

    /// Greedy; ended by the template's end, the model's own end ids, and the benchmark's stop text.
    private func settings(_ rules: AnsweringRules) -> GenerationSettings {
        var stops = prompts.template.endIDs(tokenizer, model: model.configuration.text.endOfSequenceIDs)
        // A stop text that is one token is found without decoding.
        let stopToken = tokenizer.addedID(of: rules.stopString)
        if let stopToken { stops.insert(stopToken) }
        return GenerationSettings(
            maximumNewTokens: recipe.maximumNewTokens ?? rules.maximumNewTokens, endOfSequenceIDs: stops,
            stopTexts: stopToken == nil ? [rules.stopString] : [], slots: recipe.slots)
    }

    /// A question in the conversation template.
    ///
    /// - Parameter number: of the question among those that `beginnings` knows
    private func prompt(
        _ question: Question, number: Int, _ images: ImageReader, _ rules: AnsweringRules,
        _ beginnings: SharedBeginnings
    ) throws -> Prompt {
        let bytes = try images.bytes(of: question)
        let visual = try bytes.map {
            try visualTokens($0, squashes: rules.alwaysSquashes, name: "the image of question \(question.id)")
        }
        let ids = prompts.ids(of: question)
        return Prompt(
            try model.embed(ids: ids, visual: visual),
            prefix: beginnings.prefix(
                ofQuestion: number, ids, until: TokenizedConversation.imageTokenIndex))
    }

    /// The visual tokens of an image file; questions about one image often follow each other.
    private func visualTokens(_ bytes: [UInt8], squashes: Bool, name: String) throws -> Value {
        guard let own = model.imageProcessor else { throw ModelsError.noVision }
        let key = Digest.sha256(bytes) + (squashes ? " squashed" : "")
        if let known = memory[key] { return Value(known) }
        let processor =
            squashes
            ? try ImageProcessor(
                kind: own.kind, size: own.size, mean: own.mean, standardDeviation: own.standardDeviation,
                aspect: .square) : own
        let picture = try decodeImage(
            bytes, name: name,
            background: SettingProblem.requireColour(recipe.background, "background"))
        let tokens = try model.visualTokens(pixels: processor.process(picture)).data
        memory[key] = tokens
        return Value(tokens)
    }
}

/// The visual tokens of the images seen last.
private final class VisualMemory {
    private static let most = 64
    private var tokens: [String: Tensor] = [:]
    private var order: [String] = []

    subscript(key: String) -> Tensor? {
        get { tokens[key] }
        set {
            guard tokens.updateValue(newValue ?? Tensor(zeros: [0]), forKey: key) == nil else { return }
            order.append(key)
            if order.count > Self.most { tokens[order.removeFirst()] = nil }
        }
    }
}
