import Autograd

/// The keys and values of some rows in one layer, ready to be attended to: after the head norm and the rotary
/// embedding.
public struct LayerKeys {
    public let keys, values: Value  // [rows, keyHeads * headSize]

    public init(keys: Value, values: Value) { (self.keys, self.values) = (keys, values) }
}

/// Grouped-query attention with rotary positions: `output(attention(rotary(q x), rotary(k x), v x))`.
struct SelfAttention {
    let q, k, v, output: Linear
    let qNorm, kNorm: RMSNorm?  // Qwen3, over each head
    let headSize: Int

    init(_ weights: WeightScope, _ text: TextConfiguration) throws {
        let (width, keyWidth, bias) = (
            text.heads * text.headSize, text.keyHeads * text.headSize, text.hasAttentionBias
        )
        q = try Linear(weights / "q_proj", outputs: width, inputs: text.hidden, bias: bias)
        k = try Linear(weights / "k_proj", outputs: keyWidth, inputs: text.hidden, bias: bias)
        v = try Linear(weights / "v_proj", outputs: keyWidth, inputs: text.hidden, bias: bias)
        output = try Linear(weights / "o_proj", outputs: text.hidden, inputs: width)
        qNorm =
            text.hasHeadNorms
            ? try RMSNorm(weights / "q_norm", size: text.headSize, epsilon: text.normEpsilon) : nil
        kNorm =
            text.hasHeadNorms
            ? try RMSNorm(weights / "k_norm", size: text.headSize, epsilon: text.normEpsilon) : nil
        headSize = text.headSize
    }

    /// - Parameters:
    ///   - x: `[rows, hidden]`
    ///   - trunk: keys the rows read besides their own; nil: the rows' own keys are the trunk
    ///   - sharing: which rows were computed, where not all are
    ///   - kept: keys of the rows of earlier passes that `sharing` reads
    /// - Returns: `[rows, hidden]`, the rows' own keys (with `sharing` those of all rows), and the queries as
    ///   they met the keys
    func callAsFunction(
        _ x: Value, _ table: RotaryTable, layout: AttentionLayout, trunk: LayerKeys?,
        sharing: RowSharing? = nil, kept: LayerKeys? = nil
    ) -> (Value, LayerKeys, q: Value) {
        let q = rotary(qNorm?(self.q(x)) ?? self.q(x), table)
        let computed = LayerKeys(keys: rotary(kNorm?(k(x)) ?? k(x), table), values: v(x))
        let own = sharing?.all(computed, kept: kept) ?? computed
        let seesItself = layout.segments.contains(where: \.seesItself)
        let keys = AttentionKeys(
            trunkKeys: (trunk ?? own).keys, trunkValues: (trunk ?? own).values,
            ownKeys: seesItself ? own.keys : nil, ownValues: seesItself ? own.values : nil)
        return (
            output(attention(q, keys, layout: layout, headSize: headSize, precision: self.q.precision)), own,
            q
        )
    }

    var parameters: [Parameter] {
        q.parameters + k.parameters + v.parameters + output.parameters
            + [qNorm, kNorm].compactMap { $0?.weight }
    }
}
