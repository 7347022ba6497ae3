import Ranks
import Tensors

extension AdamW {
    /// A moment of a parameter: what a resume needs besides the weights.
    enum Moment: String, CaseIterable { case first, second }

    /// Sums of the lanes that each rank has computed become the gradient of the elements that this rank
    /// updates (a reduce-scatter): every rank sends its sums as they are, and who updates adds them along the
    /// same tree, so the number of ranks changes no bit.
    ///
    /// - Parameters:
    ///   - own: sums of this rank's lanes, of each of the bucket's parameters
    ///   - lanes: of the step, by rank
    ///   - share: elements that this rank updates; those of the bucket are written
    /// - Throws: `RanksError`
    func reduce(_ own: [[Tensor]], _ bucket: Range<Int>, lanes: [Range<Int>], into share: Tensor)
        throws
    {
        let count = lanes[ranks.count - 1].upperBound
        let mine = shares.pieces(of: ranks.rank, in: bucket)
        let elements = mine.elements
        var tree = LaneTree<Tensor>(lanes: count, add: LaneSums.add)
        func nodes(of rank: Int) -> [LaneNode] { LaneTree<Void>.nodes(of: lanes[rank], lanes: count) }
        /// The sums of a rank's elements, a row for each node.
        func packed(for rank: Int) -> Tensor {
            let pieces = shares.pieces(of: rank, in: bucket)
            let rows = Tensor(uninitialized: [nodes(of: ranks.rank).count, pieces.elements])
            for row in 0..<rows.shape[0] {
                Self.pack(pieces, into: rows.pointer + row * rows.shape[1]) {
                    own[$0 - bucket.lowerBound][row]
                }
            }
            return rows
        }
        let local = packed(for: ranks.rank)
        for (row, node) in nodes(of: ranks.rank).enumerated() {
            tree.insert(local.rows(row..<row + 1), at: node)
        }
        try ranks.withPeers { to, from in
            let (out, theirs) = (packed(for: to), nodes(of: from))
            let found = Tensor(uninitialized: [theirs.count, elements])
            // A pointer does not keep its owner alive.
            try withExtendedLifetime(out) {
                try ranks.exchange(
                    UnsafeRawBufferPointer(out.bytes(0..<out.count)), to: to, found.bytes(0..<found.count),
                    from: from)
            }
            for (row, node) in theirs.enumerated() { tree.insert(found.rows(row..<row + 1), at: node) }
        }
        guard let place = mine.first?.offset else { return }
        let sum = tree.sums[0].sum
        (share.pointer + place).update(from: sum.pointer, count: elements)
    }

    /// Copies pieces of tensors to one place, end to end.
    ///
    /// - Parameter tensor: of a parameter
    private static func pack(
        _ pieces: [ParameterShares.Piece], into start: UnsafeMutablePointer<Float>,
        of tensor: (_ parameter: Int) -> Tensor
    ) {
        var place = start
        for piece in pieces {
            place.update(
                from: tensor(piece.parameter).pointer + piece.range.lowerBound, count: piece.range.count)
            place += piece.range.count
        }
    }

    /// Copies what lies end to end to its places in tensors.
    private static func unpack(
        _ pieces: [ParameterShares.Piece], from start: UnsafeMutablePointer<Float>,
        to tensor: (_ parameter: Int) -> Tensor
    ) {
        var place = start
        for piece in pieces {
            (tensor(piece.parameter).pointer + piece.range.lowerBound).update(
                from: place, count: piece.range.count)
            place += piece.range.count
        }
    }

    /// Every rank takes over the elements that the others have updated (an all-gather).
    ///
    /// - Throws: `RanksError`
    func exchangeWeights() throws {
        guard ranks.count > 1 else { return }
        let weights = parameters.map(\.value.data)
        let own = Tensor(uninitialized: [shares.counts[ranks.rank]])
        Self.pack(shares.pieces(of: ranks.rank), into: own.pointer) { weights[$0] }
        try ranks.withPeers { to, from in
            let found = Tensor(uninitialized: [shares.counts[from]])
            try ranks.exchange(
                UnsafeRawBufferPointer(own.bytes(0..<own.count)), to: to, found.bytes(0..<found.count),
                from: from)
            Self.unpack(shares.pieces(of: from), from: found.pointer) { weights[$0] }
        }
        for parameter in parameters { parameter.value.dataChanged() }
    }

    /// A moment of a parameter, shape of the parameter, collected from the ranks that have it.
    ///
    /// - Returns: nil in all ranks but the first
    /// - Throws: `RanksError`
    func collect(_ moment: Moment, of parameter: Int) throws -> Tensor? {
        let whole = Tensor(uninitialized: parameters[parameter].value.shape)
        for rank in 0..<ranks.count where ranks.isFirst || rank == ranks.rank {
            let pieces = shares.pieces(of: rank, in: parameter..<parameter + 1)
            guard let place = pieces.first?.offset else { continue }
            let count = pieces.elements
            let part = Tensor(uninitialized: [count])
            if rank == ranks.rank { part.pointer.update(from: self[moment].pointer + place, count: count) }
            try ranks.collect(part.bytes(0..<count), from: rank)
            Self.unpack(pieces, from: part.pointer) { _ in whole }
        }
        return ranks.isFirst ? whole : nil
    }

    /// Takes this rank's part of a moment that is there as a whole.
    func put(_ whole: Tensor, as moment: Moment, of parameter: Int) {
        let pieces = shares.pieces(of: ranks.rank, in: parameter..<parameter + 1)
        guard let place = pieces.first?.offset else { return }
        Self.pack(pieces, into: self[moment].pointer + place) { _ in whole }
    }

    private subscript(moment: Moment) -> Tensor { moment == .first ? first : second }
}

extension Tensor {
    /// The memory of some elements.
    func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: pointer + range.lowerBound, count: 4 * range.count)
    }
}
