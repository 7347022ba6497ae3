/// How a student in training does on samples that it is not trained on.
public struct ValidationMetrics: Codable, Sendable, Equatable {
    /// Samples, and supervised tokens of them.
    public var samples = 0, tokens = 0
    /// Terms that could be measured, each before its weight, in nats; without a teacher that is SFT.
    public var terms = LossTerms()
    /// The terms that are trained on, weighted as the recipe says.
    public var loss = 0.0
    /// Share of the supervised tokens to which the student gives the highest probability.
    public var accuracy = 0.0
    /// Entropy of the student's distributions there, nats.
    public var entropy = 0.0
    /// Share of them where student and teacher find the same token most probable; absent without a teacher.
    public var agreement: Double?
    /// The teacher on the same tokens; absent without one.
    public var teacher: Quality?
    /// The same by source, where there are several.
    public var sources: [String: Source]?
    public var seconds = 0.0

    public init() {}

    /// One source's part, over its own samples and tokens.
    public struct Source: Codable, Sendable, Equatable {
        public var samples = 0, tokens = 0
        /// Means over the source's own tokens, of IVA over its visual tokens by their alphas, nats.
        public var terms = LossTerms()
        /// As of all sources together.
        public var accuracy = 0.0, entropy = 0.0
        public var agreement: Double?
        public var teacher: Quality?

        public init() {}
    }

    /// How good a model's distributions are at tokens that are known.
    public struct Quality: Codable, Sendable, Equatable {
        /// Cross-entropy and entropy, nats.
        public var crossEntropy = 0.0, entropy = 0.0
        public var accuracy = 0.0

        public init() {}
    }
}
