import Records

/// Objective of a distillation step (Eq. 8).
public struct AlignmentObjective: Sendable {
    /// Weights of the terms; 0 removes a term and its cost.
    public var weights: LossTerms
    /// Divergence of each term.
    public var divergences = TermDivergences()
    /// Rule by which the student proposes tokens for TPA.
    public var candidates: CandidateRule
    /// Model whose attention weights the visual tokens of IVA.
    public var saliencySource = SaliencySource.teacher
    /// 0-based layer of that model whose attention weights the visual tokens.
    public var saliencyLayer: Int
    /// Responses that the student samples.
    public var onPolicy = OnPolicyRule()
    /// Whether activations inside blocks are forgotten and computed again for the gradient.
    public var recompute = false

    public init(
        weights: LossTerms, candidates: CandidateRule = CandidateRule(), saliencyLayer: Int = 0
    ) {
        (self.weights, self.candidates, self.saliencyLayer) = (weights, candidates, saliencyLayer)
    }
}

/// Divisors of the terms: those of the whole optimizer step, whatever its micro-batches and workers
/// (docs/objective.md, Averages).
public struct StepTotals: Sendable, Equatable {
    /// N_tok of SFT.
    public var supervisedTokens: Int
    /// N_tok of KD and TPA: another number where responses are the student's own.
    public var distilledTokens: Int
    /// B, the samples of the step.
    public var samples: Int

    /// - Parameter distilledTokens: nil: the supervised ones
    public init(supervisedTokens: Int, distilledTokens: Int? = nil, samples: Int) {
        (self.supervisedTokens, self.samples) = (supervisedTokens, samples)
        self.distilledTokens = distilledTokens ?? supervisedTokens
    }
}

/// Origin of the candidates of a step.
public enum CandidateSource: Sendable {
    /// Drawn from the student; the random numbers are keyed by (seed, sample, step, position).
    case drawn(seed: UInt64, step: UInt64)
    /// Per sample and position; empty where there is none.
    case given([[[Int32]]])
}
