import Autograd
import Tensors
import Testing

@Suite struct ProjectionTests {
    private func sums(_ project: inout Projection) -> [Float] {
        let x = Tensor([Float](repeating: 1, count: 30), shape: [5, 6])
        let y = Tensor(uninitialized: [5, 2])
        project(x, into: y)
        return y.values
    }

    /// The optimizer writes new values over the old ones, in bf16 too, and tells nobody.
    @Test func aWeightThatLearnsIsLaidOutAnewEachTime() {
        let data = Tensor((0..<12).map { Float($0) }, shape: [2, 6])
        let half = HalfTensor(data)
        for learns in [true, false] {  // false: it learns in another model, which has the same memory
            let weight = Value(data, half: half, requiresGradient: learns)
            var before = Projection(weight, chunks: 2)
            let first = sums(&before)
            data.scale(by: 2)
            half.update(from: data)
            var after = Projection(weight, chunks: 2)
            #expect(sums(&after) == first.map { 2 * $0 })
        }
    }

    @Test func everyPrecisionAndOneChunk() {
        let data = Tensor((0..<12).map { Float($0) }, shape: [2, 6])
        for weight in [Value(data), Value(HalfTensor(data)), Value(data, half: HalfTensor(data))] {
            for chunks in 1...2 {
                var project = Projection(weight, chunks: chunks)
                for _ in 0..<2 { #expect(sums(&project) == [15, 51, 15, 51, 15, 51, 15, 51, 15, 51]) }
            }
        }
    }
}
