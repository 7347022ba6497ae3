import Models
import Settings
import Text

/// How a model is asked.
struct AskingSettings: Recipe {
    @Setting(
        "The conversation template the model was trained with.",
        null: "what its folder says, vicuna where it says nothing")
    var template: ConversationTemplate.Kind?
    @Setting("System prompt.", null: "the template's own") var system: String?
    @Setting("The text that ends an answer.", null: "the template's own") var endText: String?
    @Setting("Length of an answer at most.", unit: "tokens", in: 1...1_048_576)
    var maximumNewTokens = 512
    @Setting("Temperature that answers are drawn at.", in: Bounds.above(0), null: "the most probable token")
    var temperature: Double?
    @Setting("Probability mass that is drawn from.", in: Bounds.above(0, to: 1)) var topP = 1.0
    @Setting("Seed of the draws.") var seed: UInt64 = 0
    @Setting(
        "Red, green and blue that a picture with clear parts is laid on: image.background of the shards the "
            + "model was trained on.", in: 0...255, null: "alpha is dropped")
    var background: [Int]?

    func validate() throws {
        try SettingProblem.requireColour(background, "background")
        if temperature == nil, let (name, _) = [("top_p", topP != 1), ("seed", seed != 0)].first(where: \.1) {
            throw SettingProblem(name, "is set, and without a temperature nothing is drawn: set temperature")
        }
    }

    var sampling: Sampling {
        temperature.map { .random(temperature: $0, topP: topP, seed: seed) } ?? .greedy
    }
}
