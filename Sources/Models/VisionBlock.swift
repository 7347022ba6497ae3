import Autograd

/// A layer of a tower: `h = x + s1 ⊙ attention(norm1 x)`, `h + s2 ⊙ fc2(activation(fc1(norm2 h)))`; every row
/// sees its whole image. Only DINOv2 has the layer scales s1 and s2.
struct VisionBlock {
    let norm1, norm2: LayerNorm
    let q, k, v, output: Linear
    let fc1, fc2: Linear
    let scale1, scale2: Parameter?  // [hidden]
    let activation: Activation
    let headSize: Int

    init(_ weights: WeightScope, _ vision: VisionConfiguration) throws {
        let names = Names(vision.family)
        let hidden = vision.hidden
        func norm(_ name: String) throws -> LayerNorm {
            try LayerNorm(weights / name, size: hidden, epsilon: vision.normEpsilon)
        }
        func square(_ name: String, bias: Bool = true) throws -> Linear {
            try Linear(weights / name, outputs: hidden, inputs: hidden, bias: bias)
        }
        func scale(_ name: String?) throws -> Parameter? {
            try name.map { try (weights / $0).parameter("lambda1", [hidden]) }
        }
        norm1 = try norm(names.norm1)
        q = try square(names.query, bias: vision.hasAttentionBias)
        k = try square(names.key, bias: vision.hasAttentionBias)
        v = try square(names.value, bias: vision.hasAttentionBias)
        output = try square(names.output)
        scale1 = try scale(names.scale1)
        norm2 = try norm(names.norm2)
        fc1 = try Linear(weights / "mlp" / "fc1", outputs: vision.intermediate, inputs: hidden, bias: true)
        fc2 = try Linear(weights / "mlp" / "fc2", outputs: hidden, inputs: vision.intermediate, bias: true)
        scale2 = try scale(names.scale2)
        activation = vision.activation
        headSize = vision.headSize
    }

    /// `[rows, hidden]` → `[rows, hidden]`
    func callAsFunction(_ x: Value, layout: AttentionLayout) -> Value {
        let normed = norm1(x)
        let keys = AttentionKeys(trunkKeys: k(normed), trunkValues: v(normed))
        let seen = output(
            attention(q(normed), keys, layout: layout, headSize: headSize, precision: q.precision))
        let h = x + Self.scaled(seen, scale1)
        return h + Self.scaled(fc2(activate(fc1(norm2(h)), activation)), scale2)
    }

    private static func scaled(_ x: Value, _ scale: Parameter?) -> Value {
        scale.map { scaleColumns(x, by: $0.value) } ?? x
    }

    var parameters: [Parameter] {
        let attention = norm1.parameters + q.parameters + k.parameters + v.parameters + output.parameters
        let feedForward = norm2.parameters + fc1.parameters + fc2.parameters
        return attention + feedForward + [scale1, scale2].compactMap { $0 }
    }

    /// What a layer's weights are called; the feed-forward layers are `mlp.fc1` and `mlp.fc2` everywhere.
    private struct Names {
        var (norm1, norm2) = ("layer_norm1", "layer_norm2")
        var (query, key, value) = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
        var output = "self_attn.out_proj"
        var scale1, scale2: String?

        init(_ family: VisionConfiguration.Family) {
            guard family == .dinov2 else { return }
            (norm1, norm2) = ("norm1", "norm2")
            (query, key) = ("attention.attention.query", "attention.attention.key")
            (value, output) = ("attention.attention.value", "attention.output.dense")
            (scale1, scale2) = ("layer_scale1", "layer_scale2")
        }
    }
}
