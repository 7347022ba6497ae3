import Autograd
import Tensors
import Testing

@Suite struct ProjectionTests {
    /// What was laid out of a weight is forgotten when the weight changes.
    @Test(.enabled(if: Precision.bf16.supported == .bf16, "a processor with bf16"))
    func aWeightThatChangesIsLaidOutAnew() {
        let data = Tensor((0..<12).map { Float($0) }, shape: [2, 6])
        let weight = Value(data, half: HalfTensor(data), requiresGradient: true)
        let x = Tensor([Float](repeating: 1, count: 30), shape: [5, 6])
        func sums() -> [Float] {
            let y = Tensor(uninitialized: [5, 2])
            project(x, by: weight, oneOf: 2, into: y)
            return y.values
        }
        #expect(sums() == [15, 51, 15, 51, 15, 51, 15, 51, 15, 51])
        #expect(weight.packed() === weight.packed() && weight.packed() != nil)
        data.scale(by: 2)
        weight.dataChanged()
        #expect(sums() == [30, 102, 30, 102, 30, 102, 30, 102, 30, 102])
    }

    @Test func aWeightInFloat32IsNotLaidOut() {
        #expect(Value(Tensor(zeros: [2, 6])).packed() == nil)
    }
}
