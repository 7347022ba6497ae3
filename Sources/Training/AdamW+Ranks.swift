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
    ///   - sums: of this rank's lanes, one tensor for each parameter
    ///   - lanes: of the step, by rank
    /// - Throws: `RanksError`
    func reduce(_ sums: LaneTree<[Tensor]>, lanes: [Range<Int>]) throws -> StepGradient {
        let own = sums.sums
        guard ranks.count > 1 else { return .whole(own[0].sum) }
        let count = lanes[ranks.count - 1].upperBound
        var tree = LaneTree<Tensor>(lanes: count) { left, right in
            left.add(right)
            return left
        }
        let elements = shares.elements(of: ranks.rank)
        for (node, sum) in own { tree.insert(packed([sum], elements), at: node) }
        try ranks.withPeers { to, from in
            let nodes = LaneTree<Void>.nodes(of: lanes[from], lanes: count)
            let out = packed(own.map(\.sum), shares.elements(of: to))
            let found = Tensor(uninitialized: [nodes.count, elements.count])
            // A pointer does not keep its owner alive.
            try withExtendedLifetime(out) {
                try ranks.exchange(
                    UnsafeRawBufferPointer(out.bytes(0..<out.count)), to: to, found.bytes(0..<found.count),
                    from: from)
            }
            for (row, node) in nodes.enumerated() { tree.insert(found.rows(row..<row + 1), at: node) }
        }
        return .share(tree.sums[0].sum, start: elements.lowerBound)
    }

    /// The elements of a share out of some gradients, a row each.
    private func packed(_ gradients: [[Tensor]], _ elements: Range<Int>) -> Tensor {
        let rows = Tensor(uninitialized: [gradients.count, elements.count])
        let parts = shares.parts(of: elements)
        for (row, gradient) in gradients.enumerated() {
            for (parameter, range, offset) in parts {
                (rows.pointer + row * elements.count + offset).update(
                    from: gradient[parameter].pointer + range.lowerBound, count: range.count)
            }
        }
        return rows
    }

    /// Every rank takes over the elements that the others have updated (an all-gather).
    ///
    /// - Throws: `RanksError`
    func exchangeWeights() throws {
        guard ranks.count > 1 else { return }
        let weights = [parameters.map(\.value.data)]
        let own = packed(weights, shares.elements(of: ranks.rank))
        try ranks.withPeers { to, from in
            let elements = shares.elements(of: from)
            let found = Tensor(uninitialized: [elements.count])
            try ranks.exchange(
                UnsafeRawBufferPointer(own.bytes(0..<own.count)), to: to, found.bytes(0..<found.count),
                from: from)
            for (parameter, range, offset) in shares.parts(of: elements) {
                (weights[0][parameter].pointer + range.lowerBound).update(
                    from: found.pointer + offset, count: range.count)
            }
        }
        for parameter in parameters { parameter.value.dataChanged() }
    }

    /// A moment of a parameter, shape of the parameter, collected from the ranks that have it.
    ///
    /// - Returns: nil in all ranks but the first
    /// - Throws: `RanksError`
    func collect(_ moment: Moment, of parameter: Int) throws -> Tensor? {
        let whole = Tensor(uninitialized: parameters[parameter].value.shape)
        try withParts(of: parameter) { rank, range, offset in
            if rank == ranks.rank {
                (whole.pointer + range.lowerBound).update(
                    from: self[moment].pointer + offset, count: range.count)
            }
            try ranks.collect(whole.bytes(range), from: rank)
        }
        return ranks.isFirst ? whole : nil
    }

    /// Takes this rank's part of a moment that is there as a whole.
    func put(_ whole: Tensor, as moment: Moment, of parameter: Int) {
        withParts(of: parameter) { rank, range, offset in
            guard rank == ranks.rank else { return }
            (self[moment].pointer + offset).update(from: whole.pointer + range.lowerBound, count: range.count)
        }
    }

    private subscript(moment: Moment) -> Tensor { moment == .first ? first : second }

    /// Calls `body` for every rank that updates elements of a parameter, with these elements, and the place
    /// of the first of them in the rank's moments.
    private func withParts(
        of parameter: Int, _ body: (_ rank: Int, _ range: Range<Int>, _ offset: Int) throws -> Void
    ) rethrows {
        let start = shares.starts[parameter]
        for rank in 0..<ranks.count {
            let elements = shares.elements(of: rank)
            let found = elements.clamped(to: start..<shares.starts[parameter + 1])
            guard !found.isEmpty else { continue }
            try body(
                rank, found.lowerBound - start..<found.upperBound - start,
                found.lowerBound - elements.lowerBound)
        }
    }
}

extension Tensor {
    /// The memory of some elements.
    func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: pointer + range.lowerBound, count: 4 * range.count)
    }
}
