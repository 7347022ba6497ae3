/// Parameters laid end to end and cut into pieces, each of which one rank updates: the optimizer state of a
/// model is divided over the ranks (ZeRO, Rajbhandari et al. 2020; the paper's setting).
///
/// A piece never spans two parameters, and its kernel calls are the same whoever makes them, so the number of
/// ranks changes no bit, and nothing needs padding. Every stretch of the parameters is divided evenly, not
/// only all of them: so gradients can be exchanged stretch by stretch, in the order in which they get ready.
package struct ParameterShares: Sendable {
    /// A stretch of one parameter.
    package struct Piece: Sendable {
        package let parameter: Int
        /// Elements of the parameter.
        package let range: Range<Int>
        /// Rank that updates it, and place of the first element among those of that rank.
        package let rank, offset: Int
    }

    /// Elements of a piece at most: one thread updates one at a time, and small models have many small
    /// parameters.
    static let most = 1 << 15
    /// Every piece, in the order of the parameters.
    package let pieces: [Piece]
    /// Elements of each rank.
    package let counts: [Int]
    /// Runs of parameters whose gradients are exchanged together. The last parameters come first: a backward
    /// pass goes from the last layer to the first.
    package let buckets: [Range<Int>]
    /// The first piece of each parameter, and at last the number of pieces.
    private let first: [Int]

    /// - Parameters:
    ///   - counts: elements of each parameter
    ///   - ranks: processes that share them
    package init(_ counts: [Int], ranks: Int) {
        var pieces: [Piece] = []
        var first = [0]
        var held = Array(repeating: 0, count: ranks)
        for (parameter, count) in counts.enumerated() {
            for start in stride(from: 0, to: count, by: Self.most) {
                let range = start..<min(start + Self.most, count)
                let rank = held.indices.min { held[$0] < held[$1] } ?? 0
                pieces.append(Piece(parameter: parameter, range: range, rank: rank, offset: held[rank]))
                held[rank] += range.count
            }
            first.append(pieces.count)
        }
        (self.pieces, self.first, self.counts) = (pieces, first, held)
        buckets = Self.buckets(counts)
    }

    /// At least eight, so that a small model's exchange overlaps too; of a large one 16 MB each.
    private static func buckets(_ counts: [Int]) -> [Range<Int>] {
        let least = min(1 << 22, counts.reduce(0, +) / 8)
        var buckets: [Range<Int>] = []
        var (end, elements) = (counts.count, 0)
        for parameter in counts.indices.reversed() {
            elements += counts[parameter]
            guard elements >= least || parameter == 0 else { continue }
            buckets.append(parameter..<end)
            (end, elements) = (parameter, 0)
        }
        return buckets
    }

    /// The pieces of a rank, in their order.
    package func pieces(of rank: Int) -> [Piece] { pieces.filter { $0.rank == rank } }

    /// The pieces of a rank that belong to some parameters. They lie end to end among the rank's elements.
    package func pieces(of rank: Int, in parameters: Range<Int>) -> [Piece] {
        pieces[first[parameters.lowerBound]..<first[parameters.upperBound]].filter { $0.rank == rank }
    }
}

extension [ParameterShares.Piece] {
    /// Number of elements of all.
    package var elements: Int { reduce(0) { $0 + $1.range.count } }
}
