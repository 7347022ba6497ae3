import Foundation
import Tensors

/// Token ids that come as often as those of text do: Zipf's law in Mandelbrot's form, `p(rank) ~ 1 / (rank +
/// 2.7)`.
///
/// The rank is the id: byte-level BPE numbers its tokens in the order of their merges, frequent ones first.
public struct ZipfIDs: Sendable {
    private let cumulative: CumulativeSums  // [vocabulary]
    private static let shift = 2.7

    public init(vocabulary: Int) {
        precondition(vocabulary > 0, "ZipfIDs: a vocabulary of \(vocabulary)")
        cumulative = CumulativeSums((0..<vocabulary).map { 1 / (Double($0) + 1 + Self.shift) })
    }

    public func draw(_ random: inout CounterRandom) -> Int32 {
        Int32(cumulative.index(at: random.uniform()))
    }
}
