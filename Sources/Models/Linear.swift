import Autograd
import Tensors

/// `x Wᵀ + b`
struct Linear {
    let weight: Parameter  // [outputs, inputs]
    let bias: Parameter?  // [outputs]

    init(_ weights: WeightScope, outputs: Int, inputs: Int, bias: Bool = false) throws {
        weight = try weights.parameter("weight", [outputs, inputs], as: .layer)
        self.bias = bias ? try weights.parameter("bias", [outputs]) : nil
    }

    /// `[rows, inputs]` → `[rows, outputs]`
    func callAsFunction(_ x: Value) -> Value { linear(x, weight: weight.value, bias: bias?.value) }

    var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }

    /// Precision of the products.
    var precision: Precision { weight.value.products }
}

/// `x / rms(x) ⊙ weight`, over rows or over heads of rows.
struct RMSNorm {
    let weight: Parameter  // [size]
    let epsilon: Float

    init(_ weights: WeightScope, size: Int, epsilon: Double) throws {
        weight = try weights.parameter("weight", [size])
        self.epsilon = Float(epsilon)
    }

    func callAsFunction(_ x: Value) -> Value { rmsNorm(x, weight: weight.value, epsilon: epsilon) }
}

/// LayerNorm with weight and bias.
struct LayerNorm {
    let weight, bias: Parameter  // [size]
    let epsilon: Float

    init(_ weights: WeightScope, size: Int, epsilon: Double) throws {
        weight = try weights.parameter("weight", [size])
        bias = try weights.parameter("bias", [size])
        self.epsilon = Float(epsilon)
    }

    func callAsFunction(_ x: Value) -> Value {
        layerNorm(x, weight: weight.value, bias: bias.value, epsilon: epsilon)
    }

    var parameters: [Parameter] { [weight, bias] }
}
