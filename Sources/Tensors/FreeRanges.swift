/// Free parts of a range of addresses: a request takes the beginning of the smallest part that
/// holds it, and what is given back merges with the free parts beside it. The sizes of a training step
/// repeat, so parts fit: the range ends within 1 % of the most bytes that a training step ever holds
/// (docs/performance.md).
package struct FreeRanges {
    /// First offset that has never been taken.
    package private(set) var end = 0
    /// Free parts below `end` by offset, none touching another. Some tens in practice, so every search is a
    /// plain loop.
    package private(set) var free: [Range<Int>] = []

    package init() {}

    /// - Parameter count: bytes, at least 1
    /// - Returns: the first offset of that many bytes that nobody else has
    package mutating func take(_ count: Int) -> Int {
        var best: Int?
        var bestCount = Int.max
        for index in free.indices where free[index].count >= count && free[index].count < bestCount {
            (best, bestCount) = (index, free[index].count)
            if bestCount == count { break }
        }
        guard let best else { return grow(by: count) }
        let start = free[best].lowerBound
        if bestCount == count {
            free.remove(at: best)
        } else {
            free[best] = start + count..<free[best].upperBound
        }
        return start
    }

    /// - Parameter range: what `take` gave, whole
    package mutating func giveBack(_ range: Range<Int>) {
        let next = free.firstIndex { $0.lowerBound >= range.lowerBound } ?? free.count
        let joinsBefore = next > 0 && free[next - 1].upperBound == range.lowerBound
        let joinsAfter = next < free.count && free[next].lowerBound == range.upperBound
        switch (joinsBefore, joinsAfter) {
        case (true, true):
            free[next - 1] = free[next - 1].lowerBound..<free[next].upperBound
            free.remove(at: next)
        case (true, false): free[next - 1] = free[next - 1].lowerBound..<range.upperBound
        case (false, true): free[next] = range.lowerBound..<free[next].upperBound
        case (false, false): free.insert(range, at: next)
        }
    }

    /// Takes from the end, with the free part that reaches it.
    private mutating func grow(by count: Int) -> Int {
        let start = free.last?.upperBound == end ? free.removeLast().lowerBound : end
        end = start + count
        return start
    }
}
