/// Cuts the samples of an optimizer step into micro-batches that fit in memory, in order.
///
/// - Parameters:
///   - lengths: rows of each sample
///   - limit: rows a micro-batch may have; a longer sample stands alone
public func microBatches(lengths: [Int], limit: Int) -> [Range<Int>] {
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
