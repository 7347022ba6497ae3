import Foundation
import Settings
import Text

/// How questions are posed. What an answer may be (length, stop text, squashed images) is each benchmark's
/// own rule.
struct AnsweringSettings: Recipe {
    @Setting("Benchmarks to answer; an empty list stands for all that are found.")
    var benchmarks: [String] = []
    @Setting(
        "The conversation template the model was trained with.",
        null: "what its folder says, vicuna where it says nothing")
    var template: ConversationTemplate.Kind?
    @Setting("System prompt.", null: "the template's own") var system: String?
    @Setting("The text that ends an answer.", null: "the template's own") var endText: String?
    @Setting("Questions answered side by side.", in: 1...4096, changesResult: false) var slots = 16
    @Setting(
        "First questions of each benchmark that are asked. Scores of a part are not publishable.",
        in: 1..., null: "all")
    var limit: Int?
    @Setting(
        "Length of an answer at most.", unit: "tokens", in: 1...1_048_576,
        null: "the benchmark's own: 128 or 1,024")
    var maximumNewTokens: Int?

    @Setting(
        "Red, green and blue that pictures with clear parts are laid on: image.background of the shards the "
            + "model was trained on.", in: 0...255, null: "alpha is dropped")
    var background: [Int]?

    func validate() throws { try SettingProblem.requireColour(background, "background") }

    func conversation(of model: URL) throws -> ConversationTemplate {
        try ConversationTemplate(template, system: system, endText: endText, of: model)
    }
}
