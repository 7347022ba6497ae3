import Foundation
import Tensors

/// Token ids that come as often as those of text do: Zipf's law in Mandelbrot's form, `p(rank) ~ 1 / (rank +
/// 2.7)`.
///
/// The rank is the id: byte-level BPE numbers its tokens in the order of their merges, frequent ones first.
public struct ZipfIDs: Sendable {
    private let cumulative: [Double]  // [vocabulary], running sums
    private static let shift = 2.7

    public init(vocabulary: Int) {
        precondition(vocabulary > 0, "ZipfIDs: a vocabulary of \(vocabulary)")
        var sum = 0.0
        cumulative = (0..<vocabulary).map { rank in
            sum += 1 / (Double(rank) + 1 + Self.shift)
            return sum
        }
    }

    public func draw(_ random: inout CounterRandom) -> Int32 {
        let target = random.uniform() * cumulative[cumulative.count - 1]
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return Int32(low)
    }
}
