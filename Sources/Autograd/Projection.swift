import Tensors

/// `y = x Wᵀ` without a tape for several chunks of rows, one after the other: in bf16 the weight is laid out
/// once for all of them. For as long as the weight does not change.
package struct Projection {
    private let weight: Value
    private let chunks: Int
    /// Made by the first chunk that needs it, nil inside where there is none.
    private var packed: PackedMatrix??

    /// - Parameters:
    ///   - weight: `[outputs, inputs]`
    ///   - chunks: how many there will be
    package init(_ weight: Value, chunks: Int) { (self.weight, self.chunks) = (weight, chunks) }

    /// - Parameters:
    ///   - x: `[rows, inputs]`
    ///   - y: `[rows, outputs]`
    package mutating func callAsFunction(_ x: Tensor, into y: Tensor) {
        if chunks > 1, x.rows > fewRows, packed == nil { packed = .some(weight.packed()) }
        if x.rows > fewRows, case .some(.some(let packed)) = packed {
            multiply(HalfTensor(x), packed, into: y)
        } else {
            project(x, by: weight, into: y)
        }
    }
}
