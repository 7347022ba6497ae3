/// Running sums of weights, from which indices are drawn with probabilities proportional to the weights.
public struct CumulativeSums: Sendable {
    /// Sum of the weights up to and including each index.
    public let sums: [Double]

    /// - Parameter weights: at least one, none negative
    @inlinable public init(_ weights: some Collection<some BinaryFloatingPoint>) {
        precondition(!weights.isEmpty, "CumulativeSums: no weights")
        var running = 0.0
        sums = weights.map {
            running += Double($0)
            return running
        }
    }

    /// Sum of all weights.
    public var total: Double { sums[sums.count - 1] }

    /// The index whose stretch of the sums holds a point.
    ///
    /// - Parameter point: share of the total, in [0, 1)
    public func index(at point: Double) -> Int {
        let target = point * total
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
