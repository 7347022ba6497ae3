import Autograd

/// A layer of SigLIP or CLIP: `h = x + attention(norm1 x)`, `h + fc2(activation(fc1(norm2 h)))`; every row
/// sees its whole image.
struct VisionBlock {
    let norm1, norm2: LayerNorm
    let q, k, v, output: Linear
    let fc1, fc2: Linear
    let activation: Activation
    let headSize: Int

    init(_ weights: WeightScope, _ vision: VisionConfiguration) throws {
        let hidden = vision.hidden
        norm1 = try LayerNorm(weights / "layer_norm1", size: hidden, epsilon: vision.normEpsilon)
        let attention = weights / "self_attn"
        q = try Linear(attention / "q_proj", outputs: hidden, inputs: hidden, bias: true)
        k = try Linear(attention / "k_proj", outputs: hidden, inputs: hidden, bias: true)
        v = try Linear(attention / "v_proj", outputs: hidden, inputs: hidden, bias: true)
        output = try Linear(attention / "out_proj", outputs: hidden, inputs: hidden, bias: true)
        norm2 = try LayerNorm(weights / "layer_norm2", size: hidden, epsilon: vision.normEpsilon)
        fc1 = try Linear(weights / "mlp" / "fc1", outputs: vision.intermediate, inputs: hidden, bias: true)
        fc2 = try Linear(weights / "mlp" / "fc2", outputs: hidden, inputs: vision.intermediate, bias: true)
        activation = vision.activation
        headSize = vision.headSize
    }

    /// `[rows, hidden]` → `[rows, hidden]`
    func callAsFunction(_ x: Value, layout: AttentionLayout) -> Value {
        let normed = norm1(x)
        let keys = AttentionKeys(trunkKeys: k(normed), trunkValues: v(normed))
        let h =
            x + output(attention(q(normed), keys, layout: layout, headSize: headSize, precision: q.precision))
        return h + fc2(activate(fc1(norm2(h)), activation))
    }

    var parameters: [Parameter] {
        norm1.parameters + q.parameters + k.parameters + v.parameters + output.parameters + norm2.parameters
            + fc1.parameters
            + fc2.parameters
    }
}
