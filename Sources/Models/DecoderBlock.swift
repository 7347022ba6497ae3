import Autograd
import Tensors

/// A layer of the language model: `h = x + attention(norm x)`, `h + feedForward(norm h)`.
struct DecoderBlock {
    let attentionNorm: RMSNorm
    let attention: SelfAttention
    let feedForwardNorm: RMSNorm
    let feedForward: FeedForward

    init(_ weights: WeightScope, _ text: TextConfiguration) throws {
        attentionNorm = try RMSNorm(weights / "input_layernorm", size: text.hidden, epsilon: text.normEpsilon)
        attention = try SelfAttention(weights / "self_attn", text)
        feedForwardNorm = try RMSNorm(
            weights / "post_attention_layernorm", size: text.hidden, epsilon: text.normEpsilon)
        feedForward = try FeedForward(weights / "mlp", hidden: text.hidden, intermediate: text.intermediate)
    }

    struct Output {
        let hidden: Value  // [rows, hidden]
        let keys: LayerKeys  // with sharing: of all rows
        let q: Tensor  // [rows, heads * headSize]
    }

    /// `[rows, hidden]` → `[rows, hidden]`
    func callAsFunction(
        _ x: Value, _ table: RotaryTable, layout: AttentionLayout, trunk: LayerKeys?,
        sharing: RowSharing? = nil, kept: LayerKeys? = nil
    ) -> Output {
        let (attended, keys, q) = attention(
            attentionNorm(x), table, layout: layout, trunk: trunk, sharing: sharing, kept: kept)
        let h = x + attended
        return Output(hidden: h + feedForward(feedForwardNorm(h)), keys: keys, q: q.data)
    }

    /// The same, computed again for the gradient instead of kept.
    func recomputing(
        _ x: Value, _ table: RotaryTable, layout: AttentionLayout, trunk: LayerKeys?,
        sharing: RowSharing? = nil
    ) -> Output {
        var q: Tensor?
        let outputs = recomputed(
            [x] + (trunk.map { [$0.keys, $0.values] } ?? []), parameters: parameters.map(\.value)
        ) { inputs in
            let trunk = inputs.count == 3 ? LayerKeys(keys: inputs[1], values: inputs[2]) : nil
            let output = self(inputs[0], table, layout: layout, trunk: trunk, sharing: sharing)
            q = output.q
            return [output.hidden, output.keys.keys, output.keys.values]
        }
        defer { q = nil }  // The closure lives on in the tape; the queries need not.
        return Output(
            hidden: outputs[0], keys: LayerKeys(keys: outputs[1], values: outputs[2]), q: q ?? x.data)
    }

    var parameters: [Parameter] {
        [attentionNorm.weight] + attention.parameters + [feedForwardNorm.weight] + feedForward.parameters
    }
}
