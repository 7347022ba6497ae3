import Foundation

/// The teacher's distribution at one position as the cache holds it: its k most probable tokens and all the others together.
public struct CachedTarget: Sendable, Equatable {
    /// Ids below the common vocabulary, most probable first.
    public let ids: [Int32]
    /// Log-probabilities of these ids over the whole common vocabulary, nats.
    public let logProbabilities: [Float]
    /// Log of the probability of all other ids; -infinity when there are none.
    public let logTail: Float

    public init(ids: [Int32], logProbabilities: [Float], logTail: Float) {
        (self.ids, self.logProbabilities, self.logTail) = (ids, logProbabilities, logTail)
    }

    /// Probabilities of the ids and of the tail, scaled to sum to one: fp16 log-probabilities miss it by about 1e-3.
    var normalized: (probabilities: [Double], tail: Double) {
        let raw = logProbabilities.map { exp(Double($0)) }
        let tail = exp(Double(logTail))
        let sum = raw.reduce(tail, +)
        return (raw.map { $0 / sum }, tail / sum)
    }
}
