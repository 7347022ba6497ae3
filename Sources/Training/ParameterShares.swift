/// Parameters laid end to end and cut into pieces, and the run of pieces that each rank updates: the
/// optimizer state of a model is divided over the ranks (ZeRO, Rajbhandari et al. 2020; the paper's setting).
///
/// A piece never spans two parameters, and its kernel calls are the same whoever makes them, so the number of
/// ranks changes no bit, and nothing needs padding.
struct ParameterShares: Sendable {
    /// A stretch of one parameter.
    struct Piece: Sendable {
        let parameter: Int
        /// Elements of the parameter.
        let range: Range<Int>
        /// Place of the first of them among the elements of all parameters.
        let start: Int
    }

    /// Elements of a piece at most: one thread updates one at a time, and small models have many small
    /// parameters.
    static let most = 1 << 15
    /// Every piece, in the order of the parameters.
    let pieces: [Piece]
    /// Where each parameter begins, and at last where all end.
    let starts: [Int]
    /// The first piece of each rank, and at last their number.
    private let bounds: [Int]

    /// - Parameters:
    ///   - counts: elements of each parameter
    ///   - ranks: processes that share them
    init(_ counts: [Int], ranks: Int) {
        starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let (starts, total) = (starts, max(1, starts[counts.count]))
        let pieces = counts.enumerated().flatMap { index, count in
            stride(from: 0, to: count, by: Self.most).map {
                Piece(
                    parameter: index, range: $0..<min($0 + Self.most, count), start: starts[index] + $0)
            }
        }
        bounds = (0...ranks).map { rank in
            pieces.firstIndex { $0.start * ranks >= rank * total } ?? pieces.count
        }
        self.pieces = pieces
    }

    /// Numbers of the pieces of a rank.
    func pieces(of rank: Int) -> Range<Int> { bounds[rank]..<bounds[rank + 1] }

    /// Elements of a rank, among those of all parameters.
    func elements(of rank: Int) -> Range<Int> {
        let range = pieces(of: rank)
        guard let first = range.first, let last = range.last else { return 0..<0 }
        return pieces[first].start..<pieces[last].start + pieces[last].range.count
    }

    /// The parameters of which a stretch of all elements holds something, each with its part and where that
    /// begins in the stretch.
    func parts(of elements: Range<Int>) -> [(parameter: Int, range: Range<Int>, offset: Int)] {
        starts.indices.dropLast().compactMap { index in
            let found = elements.clamped(to: starts[index]..<starts[index + 1])
            guard !found.isEmpty else { return nil }
            let range = found.lowerBound - starts[index]..<found.upperBound - starts[index]
            return (index, range, found.lowerBound - elements.lowerBound)
        }
    }
}
