import Benchmarks
import Settings
import Text

/// Which answers are good enough to be learnt from.
public struct AnswerFilter: Recipe, Equatable {
    @Setting(
        "Least mean of the log-probabilities of an answer's tokens, its end included.", unit: "nats",
        in: -1e6...0.0, null: "any")
    public var minimumLogProbability: Double?
    @Setting(
        "Least agreement with the data's answer; where the data has none, an answer passes.", in: 0...1,
        null: "any")
    public var minimumAgreement: Double?
    @Setting("Length of a kept answer at most, its end included.", unit: "tokens", in: 1..., null: "any")
    public var longest: Int?
    @Setting(
        "Whether answers that were cut at maximum_new_tokens are kept; the model said no end, and packing "
            + "adds one.")
    public var keepsCut = false

    public init() {}

    /// Why an answer is not kept, by the first filter that it does not pass; nil where it passes all.
    package func problem(of answer: DrawnAnswer) -> DrawnAnswer.Problem? {
        // What no shard could hold.
        if answer.text.isEmpty { return .empty }
        if answer.text.utf8.contains(imageMarker.utf8) { return .imageMarker }
        if answer.isCut, !keepsCut { return .cut }
        if let longest, answer.tokens > longest { return .long }
        if let least = minimumLogProbability, (answer.logProbability ?? -.infinity) < least {
            return .improbable
        }
        if let least = minimumAgreement, let agreement = answer.agreement, agreement < least {
            return .disagreeing
        }
        return nil
    }
}

/// What stands for the picture in LLaVA's conversations.
let imageMarker = "<image>"
