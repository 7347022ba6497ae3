/// Consecutive ranges of samples whose rows add up to at most `limit`; a longer sample stands alone.
public func rangesOfRows(_ lengths: [Int], limit: Int) -> [Range<Int>] {
    var (ranges, start, rows) = ([Range<Int>](), 0, 0)
    for (index, length) in lengths.enumerated() {
        if index > start, rows + length > limit {
            ranges.append(start..<index)
            (start, rows) = (index, 0)
        }
        rows += length
    }
    if start < lengths.count { ranges.append(start..<lengths.count) }
    return ranges
}

/// Parts of nearly equal length: as few as `limit` allows, a multiple of `count` where there are enough
/// items.
///
/// Longest first, each to the part that is shortest so far (Graham 1969); within a part items keep their
/// order. A part holds more than `limit` only where one item does.
package func balancedParts(_ lengths: [Int], limit: Int, multipleOf count: Int) -> [[Int]] {
    let total = lengths.reduce(0, +)
    var parts = min(lengths.count, max(count, (total + limit - 1) / max(1, limit)))
    let order = lengths.indices.sorted { lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1 }
    while true {
        if parts < lengths.count { parts = min(lengths.count, (parts + count - 1) / count * count) }
        var (found, sums) = ([[Int]](repeating: [], count: parts), [Int](repeating: 0, count: parts))
        for item in order {
            let shortest = sums.indices.min { sums[$0] < sums[$1] } ?? 0
            found[shortest].append(item)
            sums[shortest] += lengths[item]
        }
        if parts >= lengths.count || zip(found, sums).allSatisfy({ $1 <= limit || $0.count == 1 }) {
            return found.map { $0.sorted() }
        }
        parts += 1
    }
}
