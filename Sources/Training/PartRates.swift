import Models
import Settings

/// What differs between the parts of a model while they learn.
public struct PartRates: Recipe, Equatable {
    @Setting("The vision tower.") public var vision = PartRate()
    @Setting("The projector.") public var projector = PartRate()
    @Setting("The language model.") public var language = PartRate()

    public init() {}

    /// The part's own rates.
    subscript(part: ModelPart) -> PartRate {
        switch part {
        case .vision: vision
        case .projector: projector
        case .language: language
        }
    }
}

/// How a part of a model learns.
public struct PartRate: Recipe, Equatable {
    @Setting(
        "Peak of the schedule for this part.", in: Bounds.above(0, to: 1), null: "optimizer.learning_rate")
    public var learningRate: Double?
    @Setting("Weight decay of this part.", in: 0..., null: "optimizer.weight_decay")
    public var weightDecay: Double?

    public init() {}
}
