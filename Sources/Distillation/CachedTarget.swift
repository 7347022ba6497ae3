import Foundation

/// The teacher's distribution at one position as the cache holds it.
///
/// Either its k most probable tokens and all others together, or the tokens that some draws from it hit.
public struct CachedTarget: Sendable, Equatable {
    /// IDs below the common vocabulary, most probable (or most often drawn) first.
    public let ids: [Int32]
    /// Log-probabilities of these ids over the whole common vocabulary, nats; of draws, the log of the share
    /// that hit the id.
    public let logProbabilities: [Float]
    /// Log of the probability of all other ids; -infinity when there are none.
    public let logTail: Float
    /// Entropy of the whole distribution, nats: of draws only. Cross-entropy with the draws less this is an
    /// unbiased estimate of KL.
    public let entropy: Float?

    public init(ids: [Int32], logProbabilities: [Float], logTail: Float) {
        (self.ids, self.logProbabilities, self.logTail) = (ids, logProbabilities, logTail)
        entropy = nil
    }

    /// The ids that n draws from a distribution of known entropy hit, and how often each.
    public init(ids: [Int32], counts: [Int32], entropy: Float) {
        let total = Double(counts.reduce(0) { $0 + Int($1) })
        self.ids = ids
        logProbabilities = counts.map { Float(log(Double($0) / total)) }
        logTail = -.infinity
        self.entropy = entropy
    }

    /// Whether it comes of logits that are finite numbers.
    package var isFinite: Bool { entropy?.isFinite ?? logProbabilities.first?.isFinite ?? true }

    /// A target that says nothing: all probability is in one outcome, so every student agrees.
    package static let none = CachedTarget(ids: [], logProbabilities: [], logTail: 0)

    /// A probability and its logarithm.
    typealias Share = (probability: Double, log: Double)

    /// The ids and the tail at a temperature T, p^(1/T) scaled to sum to one: fp16 log-probabilities miss it
    /// by about 1e-3. Another T than 1 is exact where there is no tail, which stands for many ids.
    func normalized(temperature: Double) -> (ids: [Share], tail: Share) {
        let logs = logProbabilities.map { Double($0) / temperature }
        let logTail = Double(logTail) / temperature
        let (raw, tail) = (logs.map { exp($0) }, exp(logTail))
        let sum = raw.reduce(tail, +)
        let logSum = log(sum)
        return (zip(raw, logs).map { ($0 / sum, $1 - logSum) }, (tail / sum, logTail - logSum))
    }
}

/// The teacher's outputs for one sample.
public struct CachedSample: Sendable {
    /// Alpha of the chosen layer, one number a visual token.
    public let saliency: [Float]
    /// One target a visual token.
    public let visual: [CachedTarget]
    /// One target a response token: the distribution it was predicted from.
    public let response: [CachedTarget]

    public init(saliency: [Float], visual: [CachedTarget], response: [CachedTarget]) {
        (self.saliency, self.visual, self.response) = (saliency, visual, response)
    }
}
