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
    /// The nucleus of a row of logits by the kernel's exponential, its ids ascending: many rows a step are
    /// drawn from, and of a large vocabulary sorting would take longer than all else.
    package init(_ logits: UnsafeBufferPointer<Float>, topP: Double, temperature: Double) {
        let count = logits.count
        guard let base = logits.baseAddress, count > 0 else { preconditionFailure("Nucleus: no logits") }
        let top = logits[ck_argmax(base, count)] / Float(temperature)
        var p = [Float](repeating: 0, count: count)
        let sum = ck_exp_shifted(base, Float(1 / temperature), top, &p, count)
        guard topP < 1 else {
            self.init(weights: p, total: sum, topP: topP)
            return
        }
        let bound = ck_mass_bound(p, count, topP * sum)
        // Of those that equal the bound only as many as are needed, the lower ids first.
        var missing = topP * sum - p.reduce(0) { $1 > bound ? $0 + Double($1) : $0 }
        let ids = p.indices.filter { index in
            guard p[index] == bound, bound > 0 else { return p[index] > bound }
            defer { missing -= Double(bound) }
            return missing > 0
        }
        self.init(ids: ids.map { Int32($0) }, weights: ids.map { p[$0] })
    }
}
