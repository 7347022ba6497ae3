import Foundation
import Tensors

/// How the next token is chosen from a row of logits.
public enum Sampling: Equatable, Sendable {
    /// The most probable id; of equals the smallest.
    case greedy
    /// A draw at a temperature from the nucleus: the fewest most probable ids whose probability reaches
    /// `topP`.
    case random(temperature: Double, topP: Double, seed: UInt64)

    /// - Parameters:
    ///   - stream: what the draw belongs to besides the seed, such as a sample
    ///   - step: which of the stream's draws it is
    func choose(_ logits: UnsafeBufferPointer<Float>, stream: UInt64, step: Int) -> Int32 {
        guard case .random(let temperature, let topP, let seed) = self else {
            return Sampling.greatest(logits)
        }
        precondition(temperature > 0 && topP > 0, "Sampling: temperature \(temperature), top-p \(topP)")
        var random = CounterRandom(seed, stream, UInt64(step))
        var left = random.uniform()
        if topP >= 1 {
            // The same draw as from the nucleus of all ids, without a list of them.
            let (weights, total) = Sampling.weights(logits, temperature: temperature)
            for (id, weight) in weights.enumerated() {
                left -= weight / total
                if left < 0 { return Int32(id) }
            }
            return Int32(max(0, weights.count - 1))  // rounding left a crumb
        }
        let nucleus = Sampling.nucleus(logits, temperature: temperature, topP: topP)
        for (id, probability) in nucleus {
            left -= probability
            if left < 0 { return id }
        }
        return nucleus.last?.id ?? 0  // rounding left a crumb
    }

    static func greatest(_ logits: UnsafeBufferPointer<Float>) -> Int32 {
        var best = 0
        for index in 1..<max(1, logits.count) where logits[index] > logits[best] { best = index }
        return Int32(best)
    }

    /// The nucleus with its probabilities, which sum to 1; at least one id.
    ///
    /// - Parameter topP: 1 keeps every id; the result is then in the order of ids, otherwise by falling
    ///   probability
    public static func nucleus(
        _ logits: UnsafeBufferPointer<Float>, temperature: Double, topP: Double
    ) -> [(id: Int32, probability: Double)] {
        let (weights, total) = weights(logits, temperature: temperature)
        guard topP < 1 else { return weights.enumerated().map { (Int32($0), $1 / total) } }
        // Stable by id, so that equals do not depend on the sort.
        let order = weights.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }
        var kept: [(id: Int32, probability: Double)] = []
        var sum = 0.0
        for index in order {
            kept.append((Int32(index), weights[index]))
            sum += weights[index]
            if sum >= topP * total { break }
        }
        return kept.map { ($0.id, $0.probability / sum) }
    }

    /// Probabilities before they are divided by their sum.
    private static func weights(_ logits: UnsafeBufferPointer<Float>, temperature: Double) -> (
        weights: [Double], total: Double
    ) {
        let top = Double(logits.max() ?? 0)
        let weights = logits.map { exp((Double($0) - top) / temperature) }
        return (weights, weights.reduce(0, +))
    }
}
