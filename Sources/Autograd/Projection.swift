import Tensors

/// `y = x Wᵀ` without a tape for many chunks of rows, in the weight's precision: a matrix in bf16 is laid out
/// once for all of them.
package struct Projection {
    /// A larger matrix is laid out at each product instead of held twice: the head of a teacher of seven
    /// billion parameters, whose bf16 values products read in the mapped file.
    private static let mostBytes = 1 << 29

    private let weight: Value
    private let packed: PackedMatrix?

    /// - Parameters:
    ///   - weight: `[outputs, inputs]`
    ///   - chunks: how many there will be
    package init(_ weight: Value, chunks: Int) {
        self.weight = weight
        if chunks > 1, weight.products == .bf16, let half = weight.half,
            half.count * MemoryLayout<UInt16>.stride <= Self.mostBytes
        {
            packed = PackedMatrix(half, .transposed)
        } else {
            packed = nil
        }
    }

    /// - Parameters:
    ///   - x: `[rows, inputs]`
    ///   - y: `[rows, outputs]`
    package func callAsFunction(_ x: Tensor, into y: Tensor) {
        if let packed, x.rows > fewRows {
            multiply(HalfTensor(x), packed, into: y)
        } else {
            project(x, by: weight, into: y)
        }
    }
}
