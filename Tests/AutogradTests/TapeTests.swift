import Autograd
import Tensors
import Testing

/// What the tape holds between the two directions.
@Suite struct TapeTests {
    private func leaf(_ shape: [Int]) -> Value {
        Value(
            Tensor((0..<shape.reduce(1, *)).map { Float($0 % 7) - 3 }, shape: shape), requiresGradient: true)
    }

    /// A sum reads neither of its terms again, so the projection's output goes; a gate reads both of its
    /// inputs, so they stay.
    @Test func aValueIsKeptOnlyWhereAGradientReadsIt() {
        let (x, weight) = (leaf([6, 8]), leaf([8, 8]))
        weak var projected: Tensor?
        weak var gate: Tensor?
        func forward() -> Value {
            let y = linear(x, weight: weight)
            let g = linear(x, weight: weight)
            (projected, gate) = (y.data, g.data)
            return siluGate(g, x + y)
        }
        let result = forward()
        #expect(projected == nil)
        #expect(gate != nil)
        result.backward()
        #expect(gate == nil)
        #expect(x.gradient != nil && weight.gradient != nil)
    }
}
