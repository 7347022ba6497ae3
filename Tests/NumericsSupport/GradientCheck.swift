import Autograd
import Foundation
import Tensors

/// Compares a gradient from the tape with central differences of the function itself.
///
/// - Parameters:
///   - inputs: shapes of the leaves; they are filled with normal numbers from `seed`
///   - step: half the distance of the difference; float32 rounding divides by it
///   - body: from leaves to any value; it is reduced to a scalar by fixed random weights
/// - Returns: the largest |difference| / (largest |gradient| of that leaf + 1e-3) over all leaves and entries
public func gradientError(
    inputs: [[Int]], seed: UInt64 = 1, step: Float = 1e-2, scale: Float = 1, _ body: ([Value]) -> Value
) -> Double {
    let leaves = inputs.enumerated().map { index, shape in
        let values = randomValues(shape.reduce(1, *), seed: seed, stream: UInt64(index)).map { $0 * scale }
        return Value(Tensor(values, shape: shape), requiresGradient: true)
    }
    let y = body(leaves)
    let weights = Tensor(randomValues(y.data.count, seed: seed, stream: 99), shape: y.shape)
    func scalar() -> Double {
        zip(body(leaves).data.values, weights.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    y.backward(weights.copy())
    var worst = 0.0
    for leaf in leaves {
        guard let gradient = leaf.gradient else { return .infinity }
        let largest = gradient.values.map { abs(Double($0)) }.max() ?? 0
        for index in 0..<leaf.data.count {
            let kept = leaf.data.pointer[index]
            leaf.data.pointer[index] = kept + step
            let above = scalar()
            leaf.data.pointer[index] = kept - step
            let below = scalar()
            leaf.data.pointer[index] = kept
            let numeric = (above - below) / (2 * Double(step))
            worst = max(worst, abs(numeric - Double(gradient.pointer[index])) / (largest + 1e-3))
        }
    }
    return worst
}

/// Standard normal numbers, the same for the same seed and stream.
public func randomValues(_ count: Int, seed: UInt64, stream: UInt64 = 0) -> [Float] {
    var random = CounterRandom(seed, stream)
    return (0..<count).map { _ in Float(random.normal()) }
}
