import Tensors

/// `y = x Wᵀ` without a tape for several chunks of rows, one after the other: in bf16 the weight is laid out
/// once for all of them, so it must not change meanwhile.
package struct Projection {
    private let weight: Value
    private let chunks: Int
    /// Made by the first chunk that needs it.
    private lazy var packed = chunks > 1 ? weight.packed() : nil

    /// - Parameters:
    ///   - weight: `[outputs, inputs]`
    ///   - chunks: how many there will be
    package init(_ weight: Value, chunks: Int) { (self.weight, self.chunks) = (weight, chunks) }

    /// - Parameters:
    ///   - x: `[rows, inputs]`
    ///   - y: `[rows, outputs]`
    package mutating func callAsFunction(_ x: Tensor, into y: Tensor) {
        if x.rows > fewRows, let packed {
            multiply(HalfTensor(x), packed, into: y)
        } else {
            project(x, by: weight, into: y)
        }
    }
}
