import CKernels
import Models
import Tensors

/// Rule by which the student proposes tokens (Eq. 5: `y_t^(u)` from its own distribution).
public struct CandidateRule: Sendable, Equatable {
    /// Way to choose candidates.
    public enum Strategy: String, Sendable, Codable, CaseIterable {
        /// Independent draws from the nucleus, duplicates kept.
        case nucleus
        /// The d most probable ids.
        case greedy
    }

    /// d, candidates a position.
    public var count: Int
    /// Way to choose them.
    public var strategy: Strategy
    /// Probability that the nucleus reaches; 1 keeps all ids.
    public var topP: Double
    /// Divisor of the logits before the softmax.
    public var temperature: Double

    public init(count: Int, strategy: Strategy = .nucleus, topP: Double = 1, temperature: Double = 1) {
        (self.count, self.strategy, self.topP, self.temperature) = (count, strategy, topP, temperature)
    }

    /// The d ids proposed for what follows a row.
    ///
    /// - Parameter logits: of the common vocabulary
    public func draw(_ logits: UnsafeBufferPointer<Float>, random: CounterRandom) -> [Int32] {
        switch strategy {
        case .greedy: return Sampling.mostProbable(logits, count: count)
        case .nucleus:
            let nucleus = Nucleus(logits, topP: topP, temperature: temperature)
            var random = random
            return (0..<count).map { _ in nucleus.id(at: random.uniform()) }
        }
    }
}

extension Nucleus {
    /// The nucleus of a row of logits by the kernel's exponential: many rows a step are drawn from.
    package init(_ logits: UnsafeBufferPointer<Float>, topP: Double, temperature: Double) {
        let count = logits.count
        guard let base = logits.baseAddress, count > 0 else { preconditionFailure("Nucleus: no logits") }
        let top = logits[ck_argmax(base, count)] / Float(temperature)
        var p = [Float](repeating: 0, count: count)
        let sum = ck_exp_shifted(base, Float(1 / temperature), top, &p, count)
        self.init(weights: p, total: sum, topP: topP)
    }
}
