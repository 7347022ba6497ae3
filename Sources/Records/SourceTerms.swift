/// One source's part of a step of a mixture, or of a look at held-back samples.
public struct SourceTerms: Codable, Sendable, Equatable {
    public var samples: Int
    /// Means over the source's own tokens, of IVA over its visual tokens by their alphas, before the weights,
    /// nats.
    public var terms: LossTerms

    public init(samples: Int, terms: LossTerms) { (self.samples, self.terms) = (samples, terms) }
}
