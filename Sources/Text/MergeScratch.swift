/// The working memory of merging one word after another.
struct MergeScratch {
    /// Words up to this many symbols are merged by scanning all ranks for the smallest.
    private static let longestScan = 48

    var symbols: [Int32] = []
    private var pairs: [UInt64] = []
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var heap: [UInt64] = []

    /// Merges `symbols` as far as the table goes: always the smallest rank, of equal ranks the leftmost.
    mutating func merge(_ merges: borrowing MergeTable) {
        if symbols.count < 2 { return }
        if symbols.count <= MergeScratch.longestScan { mergeByScan(merges) } else { mergeByHeap(merges) }
    }

    private mutating func mergeByScan(_ merges: borrowing MergeTable) {
        let total = symbols.count
        while pairs.count < total { pairs.append(MergeTable.none) }
        let count = symbols.withUnsafeMutableBufferPointer { symbols in
            pairs.withUnsafeMutableBufferPointer { pairs in
                // pairs[i] is the merge of symbols i and i + 1.
                for index in 0..<total - 1 { pairs[index] = merges.find(symbols[index], symbols[index + 1]) }
                var count = total
                while count > 1 {
                    var best = 0
                    for index in 1..<count - 1 where pairs[index] < pairs[best] { best = index }
                    let merge = pairs[best]
                    if merge == MergeTable.none { break }
                    symbols[best] = Int32(truncatingIfNeeded: merge)
                    count -= 1
                    var index = best + 1
                    while index < count {
                        symbols[index] = symbols[index + 1]
                        pairs[index - 1] = pairs[index]
                        index += 1
                    }
                    if best > 0 { pairs[best - 1] = merges.find(symbols[best - 1], symbols[best]) }
                    if best + 1 < count { pairs[best] = merges.find(symbols[best], symbols[best + 1]) }
                }
                return count
            }
        }
        symbols.removeLast(total - count)
    }

    /// A linked list of symbols and a heap of `rank << 32 | position`: n log n for a word of n symbols.
    private mutating func mergeByHeap(_ merges: borrowing MergeTable) {
        let count = symbols.count
        previous = (0..<Int32(count)).map { $0 - 1 }
        next = (1...Int32(count)).map { $0 == Int32(count) ? -1 : $0 }
        heap.removeAll(keepingCapacity: true)
        for index in 0..<count - 1 { push(merges.find(symbols[index], symbols[index + 1]), at: index) }
        while let top = pop() {
            let left = Int(top & 0xFFFF_FFFF)
            guard symbols[left] >= 0, next[left] >= 0 else { continue }
            let right = Int(next[left])
            let merge = merges.find(symbols[left], symbols[right])
            // A rank belongs to one pair: another rank here means that a neighbour has merged since.
            guard merge != MergeTable.none, merge >> 32 == top >> 32 else { continue }
            symbols[left] = Int32(truncatingIfNeeded: merge)
            symbols[right] = -1
            next[left] = next[right]
            if next[left] >= 0 {
                previous[Int(next[left])] = Int32(left)
                push(merges.find(symbols[left], symbols[Int(next[left])]), at: left)
            }
            if previous[left] >= 0 {
                let before = Int(previous[left])
                push(merges.find(symbols[before], symbols[left]), at: before)
            }
        }
        symbols.removeAll { $0 < 0 }
    }

    private mutating func push(_ merge: UInt64, at position: Int) {
        if merge == MergeTable.none { return }
        heap.append((merge >> 32) << 32 | UInt64(position))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> UInt64? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return top }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { return top }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            if heap[parent] <= heap[child] { return top }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
