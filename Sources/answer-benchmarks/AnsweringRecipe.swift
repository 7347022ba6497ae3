import Stage
import Text

/// How questions are posed. What an answer may be (length, stop text, squashed images) is each benchmark's
/// own rule.
struct AnsweringRecipe: Recipe {
    /// Benchmarks to answer; empty for all that are found.
    var benchmarks: [String] = []
    /// The conversation template the model was trained with.
    var template = ConversationTemplate.Kind.vicuna
    /// Null for the template's own.
    var system: String?
    /// The text that ends an answer; null for the template's own.
    var endText: String?
    /// Questions answered side by side; the answers do not depend on it.
    var slots = 16
    /// Only the first questions of each benchmark; null for all. Scores of a part are not publishable.
    var limit: Int?
    /// Null for the benchmark's own: 128 or 1,024.
    var maximumNewTokens: Int?

    enum CodingKeys: String, CodingKey {
        case benchmarks, template, system, slots, limit
        case endText = "end_text"
        case maximumNewTokens = "maximum_new_tokens"
    }

    func validate() throws {
        try SettingProblem.require(slots, "slots", in: 1...4096)
        if let limit { try SettingProblem.require(limit, "limit", in: 1...) }
        if let maximumNewTokens {
            try SettingProblem.require(maximumNewTokens, "maximum_new_tokens", in: 1...(1 << 20))
        }
    }

    var conversation: ConversationTemplate {
        ConversationTemplate(template, system: system, endText: endText)
    }
}
