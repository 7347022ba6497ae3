import Autograd

/// From vision features to token embeddings: `linear2(activation(linear1 x))`.
struct Projector {
    let linear1, linear2: Linear
    let activation: Activation

    init(_ weights: WeightScope, _ configuration: LlavaConfiguration, features: Int) throws {
        let (hidden, bias) = (configuration.text.hidden, configuration.projectorBias)
        linear1 = try Linear(weights / "linear_1", outputs: hidden, inputs: features, bias: bias)
        linear2 = try Linear(weights / "linear_2", outputs: hidden, inputs: hidden, bias: bias)
        activation = configuration.projectorActivation
    }

    /// `[rows, features]` → `[rows, hidden]`
    func callAsFunction(_ x: Value) -> Value { linear2(activate(linear1(x), activation)) }

    var parameters: [Parameter] { linear1.parameters + linear2.parameters }
}
