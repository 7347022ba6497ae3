import CKernels
import Models
import Settings
import Tensors

/// Rule by which the student proposes tokens (Eq. 5: `y_t^(u)` from its own distribution).
public struct CandidateRule: Recipe, Equatable {
    /// Way to choose candidates.
    public enum Strategy: String, Sendable, Codable, CaseIterable {
        /// Independent draws from the nucleus, duplicates kept.
        case nucleus
        /// The d most probable ids.
        case greedy
    }

    @Setting("Candidates a position, d.", in: 1...64) public var count = 4
    @Setting(
        "Whether they are independent draws from the nucleus, duplicates kept, or the d most probable ids.")
    public var strategy = Strategy.nucleus
    @Setting("Mass of the nucleus; 1 draws from all ids.", in: Bounds.above(0, to: 1)) public var topP = 1.0
    @Setting("Temperature of the draws.", in: Bounds.above(0)) public var temperature = 1.0
    @Setting(
        "Whether every candidate runs after the whole text before it, as a sequence of its own: the same "
            + "loss without branches, many times slower; for counting passes.", equation: "Table 14")
    public var oneByOne = false

    public init() {}
    public init(count: Int, strategy: Strategy? = nil) {
        self.count = count
        if let strategy { self.strategy = strategy }
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
