import Autograd
import Benchmarks
import Files
import Foundation
import Images
import Models
import Ranks
import Settings
import Tensors
import Text

/// Poses the questions of a benchmark to a model.
struct Answerer {
    let model: LlavaModel
    let prompts: QuestionPrompts
    let recipe: AnsweringSettings
    let ranks: Ranks
    private let memory = VisualMemory()
    private var tokenizer: Tokenizer { prompts.tokenizer }

    init(model: LlavaModel, prompts: QuestionPrompts, recipe: AnsweringSettings, ranks: Ranks) {
        (self.model, self.prompts, self.recipe, self.ranks) = (model, prompts, recipe, ranks)
    }

    /// Answers questions and hands the records on, in the order of the questions, in the first process alone.
    /// Several processes answer some of the next questions each, and then exchange.
    ///
    /// - Parameters:
    ///   - beforeStep: called before each token; it may throw to stop
    ///   - record: receives each answer
    func answer(
        _ questions: [Question], of benchmark: any Benchmark, modelID: String, beforeStep: () throws -> Void,
        record: (AnswerRecord) throws -> Void
    ) throws {
        guard ranks.count > 1 else {
            return try answerAlone(questions, of: benchmark, beforeStep: beforeStep) { number, answer in
                try record(answer.record(of: questions[number], modelID: modelID))
            }
        }
        let round = ranks.count * Self.questionsAtOnce
        for start in stride(from: 0, to: questions.count, by: round) {
            let some = Array(questions[start..<min(start + round, questions.count)])
            var own: [Answer] = []
            try answerAlone(Array(some[ranks.part(of: some.count)]), of: benchmark, beforeStep: beforeStep) {
                own.append($1)
            }
            for (question, answer) in zip(some, try ranks.collect(own).flatMap { $0 }) where ranks.isFirst {
                try record(answer.record(of: question, modelID: modelID))
            }
        }
    }

    /// Questions that a process answers before it hands the answers on.
    private static let questionsAtOnce = 128

    /// An answer as one process tells it another.
    private struct Answer: Codable {
        let text: String
        let isCut: Bool

        func record(of question: Question, modelID: String) -> AnswerRecord {
            AnswerRecord(answering: question, text: text, modelID: modelID, isCut: isCut)
        }
    }

    /// Answers questions in any order and hands the answers on in the order of the questions. What neighbours
    /// about one image have in common is computed once.
    ///
    /// - Parameters:
    ///   - beforeStep: called before each token; it may throw to stop
    ///   - answered: receives the number of each question, and the answer
    private func answerAlone(
        _ questions: [Question], of benchmark: any Benchmark, beforeStep: () throws -> Void,
        answered: (Int, Answer) throws -> Void
    ) throws {
        let rules = benchmark.answering
        let images = try ImageReader(for: questions)
        let settings = settings(rules)
        let beginnings = SharedBeginnings(questions)
        var waiting: [Int: Answer] = [:]
        var next = 0
        do {
            try model.language.generate(
                count: questions.count, settings: settings,
                text: { tokenizer.decode($0, skipSpecialTokens: false) },
                beforeStep: beforeStep,
                prompt: { try prompt(questions[$0], number: $0, images, rules, beginnings) },
                finished: { index, generated in
                    let text = tokenizer.decode(generated.answerIDs, skipSpecialTokens: true)
                    let cut = settings.stopTexts.reduce(text) { $0.components(separatedBy: $1)[0] }
                    waiting[index] = Answer(text: rules.clean(cut), isCut: generated.ending == .length)
                    while let ready = waiting.removeValue(forKey: next) {
                        try answered(next, ready)
                        next += 1
                    }
                })
        } catch ModelsError.logitsNotFinite(let number) {
            throw BenchmarkError.noLogits(
                benchmark: benchmark.name, question: questions[number].id.description)
        }
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
