import Models
import Settings

/// What differs between the parts of a model while they learn.
public struct PartRates: Recipe, Equatable {
    @Setting("The vision tower.") public var vision = PartRate()
    @Setting("The projector.") public var projector = PartRate()
    @Setting("The language model.") public var language = PartRate()
    @Setting(
        "The language model's head, where it is no table of embeddings; what is null is as in language.")
    public var head = PartRate()

    public init() {}

    /// The rates of a parameter's part.
    ///
    /// - Parameter name: canonical, as in `Parameter`
    func rate(of name: String) -> PartRate {
        switch ModelPart(name: name) {
        case .vision: vision
        case .projector: projector
        case .language: LanguagePlace(name: name) == .head ? head.over(language) : language
        }
    }
}

/// How a part of a model learns.
public struct PartRate: Recipe, Equatable {
    @Setting(
        "Peak of the schedule for this part.", in: Bounds.above(0, to: 1), null: "optimizer.learning_rate")
    public var learningRate: Double?
    @Setting("Weight decay of this part.", in: 0...1000, null: "optimizer.weight_decay")
    public var weightDecay: Double?

    public init() {}

    /// These rates, and another's where these have none.
    fileprivate func over(_ other: PartRate) -> PartRate {
        var rate = self
        rate.learningRate = learningRate ?? other.learningRate
        rate.weightDecay = weightDecay ?? other.weightDecay
        return rate
    }
}
