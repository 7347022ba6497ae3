import CKernels
import Foundation
import Tensors

/// How the student proposes tokens (Eq. 5: `y_t^(u)` from its own distribution).
public struct CandidateRule: Sendable, Equatable {
    public enum Strategy: String, Sendable, Codable, CaseIterable {
        /// Independent draws from the nucleus, duplicates kept.
        case nucleus
        /// The d most probable ids.
        case greedy
    }

    public var count: Int  // d
    public var strategy: Strategy
    public var topP: Double
    public var temperature: Double

    public init(count: Int, strategy: Strategy = .nucleus, topP: Double = 1, temperature: Double = 1) {
        (self.count, self.strategy, self.topP, self.temperature) = (count, strategy, topP, temperature)
    }

    /// d ids for what follows a row.
    ///
    /// - Parameter logits: of the common vocabulary
    public func draw(_ logits: UnsafeBufferPointer<Float>, random: CounterRandom) -> [Int32] {
        switch strategy {
        case .greedy: return mostProbable(logits)
        case .nucleus:
            let nucleus = Nucleus(logits, topP: topP, temperature: temperature)
            var random = random
            return (0..<count).map { _ in nucleus.id(at: random.uniform()) }
        }
    }

    private func mostProbable(_ logits: UnsafeBufferPointer<Float>) -> [Int32] {
        var best: [Int32] = []
        for index in logits.indices {
            guard best.count < count || logits[index] > logits[Int(best[best.count - 1])] else { continue }
            // Behind its equals, so that the lower id stays first.
            let place = best.firstIndex { logits[Int($0)] < logits[index] } ?? best.count
            best.insert(Int32(index), at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }
}

/// The smallest set of ids whose probability reaches `topP`, renormalised; with `topP` 1 all ids.
package struct Nucleus {
    /// nil: all ids, in their own order.
    package let ids: [Int32]?
    /// Running sums of the probabilities, up to `total`.
    private let cumulative: [Double]
    private let total: Double

    package init(_ logits: UnsafeBufferPointer<Float>, topP: Double, temperature: Double) {
        let count = logits.count
        guard let base = logits.baseAddress, count > 0 else { preconditionFailure("Nucleus: no logits") }
        let top = logits[ck_argmax(base, count)] / Float(temperature)
        var p = [Float](repeating: 0, count: count)
        let sum = ck_exp_shifted(base, Float(1 / temperature), top, &p, count)
        guard topP < 1 else {
            ids = nil
            var running = 0.0
            cumulative = p.map {
                running += Double($0)
                return running
            }
            total = running
            return
        }
        // What lies at or below this cannot add up to 1 - topP, so the nucleus is among the others.
        let least = Float(sum * (1 - topP) / Double(count))
        let order = p.indices.filter { p[$0] > least }.sorted { p[$0] != p[$1] ? p[$0] > p[$1] : $0 < $1 }
        var (kept, sums, running) = ([Int32](), [Double](), 0.0)
        for index in order {
            running += Double(p[index])
            kept.append(Int32(index))
            sums.append(running)
            if running >= topP * sum { break }
        }
        (ids, cumulative, total) = (kept, sums, running)
    }

    /// The id at a point of [0, 1) of the cumulative distribution.
    package func id(at point: Double) -> Int32 {
        var (low, high) = (0, cumulative.count - 1)
        let target = point * total
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return ids?[low] ?? Int32(low)
    }

    /// Renormalised probability of each id, 0 outside the nucleus.
    package func probabilities(count: Int) -> [Double] {
        var result = [Double](repeating: 0, count: count)
        for index in cumulative.indices {
            let p = cumulative[index] - (index > 0 ? cumulative[index - 1] : 0)
            result[ids.map { Int($0[index]) } ?? index] = p / total
        }
        return result
    }
}
