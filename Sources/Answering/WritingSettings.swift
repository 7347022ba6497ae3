import Foundation
import Models
import Settings
import Shards
import Text

/// How a model answers the questions of conversations, and which of its answers are kept.
///
/// The answers of a teacher as training data are sequence-level knowledge distillation (Kim and Rush 2016).
public struct WritingSettings: Recipe, Equatable {
    /// How a token is chosen.
    public enum Decoding: String, Sendable, Codable, CaseIterable { case greedy, sampled }
    /// What becomes of several answers to one question.
    public enum Choice: String, Sendable, Codable, CaseIterable { case best, all }
    /// What a question is asked after.
    public enum History: String, Sendable, Codable, CaseIterable { case own, original }

    @Setting("How an answer's tokens are chosen: the most probable one each time, or by chance.")
    public var decoding = Decoding.greedy
    @Setting("Answers that are drawn for a question.", in: 1...1024) public var samples = 1
    @Setting("Temperature of the draws.", in: Bounds.above(0)) public var temperature = 1.0
    @Setting("Mass of the nucleus; 1 draws from all ids.", in: Bounds.above(0, to: 1)) public var topP = 1.0
    @Setting("Seed of the draws.") public var seed: UInt64 = 0
    @Setting(
        "What is kept of several: the most probable one of those that pass the filters, by the mean of its "
            + "tokens' log-probabilities; or all, each draw as a conversation of its own.")
    public var keep = Choice.best
    @Setting(
        "What a later question of a conversation is asked after: the model's own answers that are kept, as "
            + "when it is used, or the answers of the data (its own where they have none).")
    public var history = History.own
    @Setting("Length of an answer at most, its end included.", unit: "tokens", in: 1...1_048_576)
    public var maximumNewTokens = 512
    @Setting("Which answers are kept.") public var filter = AnswerFilter()
    @Setting(
        "The conversation template the model was trained with.",
        null: "what its folder says, vicuna where it says nothing")
    public var template: ConversationTemplate.Kind?
    @Setting("System prompt.", null: "the template's own") public var system: String?
    @Setting("The text that ends an answer.", null: "the template's own") public var endText: String?
    @Setting(
        "Red, green and blue that pictures with clear parts are laid on: image.background of the shards the "
            + "model was trained on.", in: 0...255, null: "alpha is dropped")
    public var background: [Int]?
    @Setting(
        "What happens with a sample that cannot be asked about; skip leaves it out, counts it and says why "
            + "in drawn.jsonl.")
    public var onBadSample = BadSamplePolicy.fail
    @Setting("Records that are read.", in: 1..., null: "all") public var limit: Int?
    @Setting("Answers written side by side.", in: 1...4096, changesResult: false) public var slots = 16
    @Setting(
        "Samples that a process answers before it puts their answers on the disk.", in: 1...100_000,
        changesResult: false)
    public var samplesAtOnce = 32

    public init() {}

    public func validate() throws {
        try SettingProblem.requireColour(background, "background")
        guard decoding == .sampled || samples == 1 else {
            throw SettingProblem(
                "samples",
                "is \(samples), and greedy answers to a question are all the same: set "
                    + "decoding: sampled")
        }
        let drawn = [("temperature", temperature != 1), ("top_p", topP != 1), ("seed", seed != 0)]
        if decoding == .greedy, let (name, _) = drawn.first(where: \.1) {
            throw SettingProblem(name, "is set, and greedy answers draw nothing: set decoding: sampled")
        }
    }

    var sampling: Sampling {
        decoding == .greedy ? .greedy : .random(temperature: temperature, topP: topP, seed: seed)
    }

    /// Conversations that a sample becomes at most.
    var conversations: Int { keep == .all ? samples : 1 }
}
