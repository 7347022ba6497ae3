import Foundation
import Tensors

/// Rule by which the next token is chosen from a row of logits.
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
            return Sampling.mostProbable(logits, count: 1).first ?? 0
        }
        precondition(temperature > 0 && topP > 0, "Sampling: temperature \(temperature), top-p \(topP)")
        var random = CounterRandom(seed, stream, UInt64(step))
        return Sampling.nucleus(logits, temperature: temperature, topP: topP).id(at: random.uniform())
    }

    /// The most probable ids in falling order; of equals the smallest first.
    public static func mostProbable(_ logits: UnsafeBufferPointer<Float>, count: Int) -> [Int32] {
        var (best, least) = ([Int32](), Float.nan)
        for index in logits.indices where best.count < count || logits[index] > least {
            // Behind its equals, so that the lower id stays first.
            let place = best.firstIndex { logits[Int($0)] < logits[index] } ?? best.count
            best.insert(Int32(index), at: place)
            if best.count > count { best.removeLast() }
            least = logits[Int(best[best.count - 1])]
        }
        return best
    }

    /// The nucleus of a distribution in double precision, as references compute it.
    package static func nucleus(
        _ logits: UnsafeBufferPointer<Float>, temperature: Double, topP: Double
    ) -> Nucleus {
        let top = Double(logits.max() ?? 0)
        let weights = logits.map { exp((Double($0) - top) / temperature) }
        return Nucleus(weights: weights, total: weights.reduce(0, +), topP: topP)
    }
}
