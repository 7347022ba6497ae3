import Tensors

/// The fewest most probable ids whose probability reaches `topP`, renormalised; with `topP` 1 all ids.
public struct Nucleus: Sendable {
    /// The ids, in an order that their weights alone decide; nil: all ids, in their own order.
    public let ids: [Int32]?
    /// Weights of the ids.
    @usableFromInline let cumulative: CumulativeSums

    /// - Parameters:
    ///   - weights: probability of each id, up to a common factor
    ///   - total: sum of the weights
    @inlinable public init<Weight: BinaryFloatingPoint>(weights: [Weight], total: Double, topP: Double) {
        guard topP < 1 else {
            (ids, cumulative) = (nil, CumulativeSums(weights))
            return
        }
        // What lies at or below this cannot add up to 1 - topP, so the nucleus is among the others.
        let least = Weight(total * (1 - topP) / Double(weights.count))
        let order = weights.indices.filter { weights[$0] > least }.sorted {
            weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1
        }
        var (kept, running) = ([Int32](), 0.0)
        for index in order {
            running += Double(weights[index])
            kept.append(Int32(index))
            if running >= topP * total { break }
        }
        (ids, cumulative) = Self.known(kept, kept.map { weights[Int($0)] })
    }

    /// The ids of a nucleus that is known, in the order in which points of [0, 1) fall on them.
    package init(ids: [Int32], weights: [Float]) { (self.ids, cumulative) = Self.known(ids, weights) }

    /// None is kept where the weights are not finite: then it is the first id, so that whoever draws goes on
    /// to the loss or likelihood that says so.
    @inlinable static func known<Weight: BinaryFloatingPoint>(_ ids: [Int32], _ weights: [Weight]) -> (
        ids: [Int32]?, cumulative: CumulativeSums
    ) {
        ids.isEmpty ? ([0], CumulativeSums([1.0])) : (ids, CumulativeSums(weights))
    }

    /// The id at a point of [0, 1) of the cumulative distribution.
    public func id(at point: Double) -> Int32 {
        let index = cumulative.index(at: point)
        return ids?[index] ?? Int32(index)
    }

    /// Renormalised probability of each of `count` ids, 0 outside the nucleus.
    package func probabilities(count: Int) -> [Double] {
        var result = [Double](repeating: 0, count: count)
        let sums = cumulative.sums
        for index in sums.indices {
            let weight = sums[index] - (index > 0 ? sums[index - 1] : 0)
            result[ids.map { Int($0[index]) } ?? index] = weight / cumulative.total
        }
        return result
    }
}
