import Tensors

/// Chunks of rows that a language-model head goes through one after the other, so that `[rows, vocabulary]`
/// never exists whole.
package struct HeadChunks: Sendable {
    /// Floats of logits held at a time.
    package var floats = 1 << 21
    /// Rows a chunk has at least: with fewer, bringing the head (and its gradient) to the processor would
    /// cost more than multiplying by it. Tiles multiply faster, so that it takes more of them.
    package var leastRows = ProductKernel.hasTiles ? 256 : 128

    package init() {}

    /// Consecutive chunks of `0 ..< rows`.
    package func ranges(_ rows: Int, vocabulary: Int) -> [Range<Int>] {
        let most = max(leastRows, floats / vocabulary)
        return stride(from: 0, to: rows, by: most).map { $0..<min($0 + most, rows) }
    }
}
