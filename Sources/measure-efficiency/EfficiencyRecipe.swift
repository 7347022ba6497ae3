import Measuring
import Stage

/// What efficiency.yaml may say.
struct EfficiencyRecipe: Recipe {
    /// Tokens of text behind the image.
    var promptTokens = 32
    /// Tokens of an answer.
    var newTokens = 64
    /// Answers that are continued side by side for the second rate.
    var slots = 16
    /// Runs of each figure; the median counts.
    var runs = 5

    enum CodingKeys: String, CodingKey {
        case slots, runs
        case promptTokens = "prompt_tokens"
        case newTokens = "new_tokens"
    }

    func validate() throws {
        try SettingProblem.require(promptTokens, "prompt_tokens", in: 1...1_000_000)
        try SettingProblem.require(newTokens, "new_tokens", in: 2...1_000_000)
        try SettingProblem.require(slots, "slots", in: 1...4096)
        try SettingProblem.require(runs, "runs", in: 1...1000)
    }

    var settings: AnsweringCostSettings {
        var settings = AnsweringCostSettings()
        (settings.promptTokens, settings.newTokens) = (promptTokens, newTokens)
        (settings.slots, settings.runs) = (slots, runs)
        return settings
    }
}
