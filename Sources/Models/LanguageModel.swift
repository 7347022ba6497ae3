import Autograd
import Tensors

/// Results of a forward pass of the language model.
public struct LanguageOutput {
    public let hidden: Value  // [rows, hidden], after the final norm
    /// The rows' own keys and values, a layer each.
    public let layers: [LayerKeys]
    /// Queries and keys after the rotary embedding of the layers asked for: `[rows, heads * headSize]`,
    /// `[rows, keyHeads * headSize]`.
    public let observed: [Int: (q: Tensor, k: Tensor)]
}

/// Qwen2, Qwen3 or Llama.
public final class LanguageModel {
    /// Configuration of the language model.
    public let configuration: TextConfiguration
    let embeddings: Parameter  // [vocabulary, hidden]
    let blocks: [DecoderBlock]
    let norm: RMSNorm
    let untiedHead: Parameter?  // [vocabulary, hidden]

    init(_ weights: WeightScope, _ text: TextConfiguration) throws {
        configuration = text
        let tree = weights / "model" / "language_model"
        embeddings = try (tree / "embed_tokens").parameter(
            "weight", [text.vocabulary, text.hidden], as: .vocabulary)
        blocks = try (0..<text.layers).map { try DecoderBlock(tree / "layers" / $0, text) }
        norm = try RMSNorm(tree / "norm", size: text.hidden, epsilon: text.normEpsilon)
        untiedHead =
            text.tiedEmbeddings
            ? nil
            : try (weights / "lm_head").parameter("weight", [text.vocabulary, text.hidden], as: .vocabulary)
    }

    /// Weight of the last linear layer, `[vocabulary, hidden]`: the embedding table itself where they are
    /// tied.
    public var head: Value { (untiedHead ?? embeddings).value }
    /// Width of an attention head.
    public var headSize: Int { configuration.headSize }
    /// Rows of the embedding table.
    public var vocabularySize: Int { configuration.vocabulary }

    /// In a fixed order; tied embeddings appear once.
    public var parameters: [Parameter] {
        [embeddings] + blocks.flatMap(\.parameters) + [norm.weight] + (untiedHead.map { [$0] } ?? [])
    }

    /// The rows of the embedding table, `[ids.count, hidden]`.
    public func embed(_ ids: [Int32]) -> Value {
        embedding(embeddings.value, ids: ids, constant: configuration.paddingId)
    }

    /// Runs sequences through all layers, the rows that they have in common once.
    ///
    /// - Parameters:
    ///   - embeddings: of all rows, `[rows, hidden]`
    ///   - positions: of all rows
    ///   - layout: what each row sees where none is shared
    ///   - sharing: the rows in common; nil where there are none
    /// - Returns: the same as without sharing, within rounding, for all rows
    public func forward(
        _ embeddings: Value, positions: [Int32], layout: AttentionLayout, sharing: RowSharing?,
        observing: Set<Int> = [], recompute: Bool = false, keepsTape: Bool = true
    ) -> LanguageOutput {
        guard let sharing else {
            return forward(
                embeddings, positions: positions, layout: layout, observing: observing,
                recompute: recompute, keepsTape: keepsTape)
        }
        let output = forward(
            gatherRows(embeddings, sharing.computed),
            positions: sharing.computed.map { positions[Int($0)] }, layout: sharing.layout,
            computing: sharing, observing: observing, recompute: recompute, keepsTape: keepsTape)
        return output.expanded(sharing)
    }

    /// Runs rows of one or more sequences through all layers.
    ///
    /// Without a trunk the rows' own keys are the trunk keys, and also the keys of their own where a segment
    /// sees itself: a whole ribbon is one pass. With a trunk the rows read its keys, and gradients flow into
    /// them.
    ///
    /// - Parameters:
    ///   - embeddings: `[rows, hidden]`
    ///   - positions: position id of each row
    ///   - layout: what each row sees; `keys` of its segments are rows of the trunk
    ///   - trunk: keys and values, a layer each
    ///   - computing: which of all rows these are, where several sequences share some
    ///   - kept: keys and values of rows of earlier passes that are shared too, a layer each
    ///   - observing: layers whose queries and keys are kept
    ///   - recompute: whether a layer's activations are computed again for the gradient instead of kept
    ///   - keepsTape: false for inference with a model that is being trained: nothing is kept for a gradient
    public func forward(
        _ embeddings: Value, positions: [Int32], layout: AttentionLayout, trunk: [LayerKeys]? = nil,
        computing: RowSharing? = nil, kept: [LayerKeys]? = nil, observing: Set<Int> = [],
        recompute: Bool = false, keepsTape: Bool = true
    ) -> LanguageOutput {
        precondition(
            embeddings.rows == positions.count && embeddings.width == configuration.hidden,
            "forward: embeddings \(embeddings.shape), \(positions.count) positions, "
                + "hidden size \(configuration.hidden)"
        )
        precondition(
            trunk.map { $0.count == blocks.count } ?? true,
            "forward: a trunk of \(trunk?.count ?? 0) layers for \(blocks.count)")
        let table = RotaryTable(positions: positions, headSize: headSize, theta: configuration.ropeTheta)
        var hidden = embeddings
        var layers: [LayerKeys] = []
        var observed: [Int: (q: Tensor, k: Tensor)] = [:]
        for (index, block) in blocks.enumerated() {
            let output =
                recompute && keepsTape
                ? block.recomputing(
                    hidden, table, layout: layout, trunk: trunk?[index], sharing: computing)
                : block(
                    hidden, table, layout: layout, trunk: trunk?[index], sharing: computing,
                    kept: kept?[index])
            let keys = output.keys
            hidden = keepsTape ? output.hidden : Value(output.hidden.data)
            layers.append(
                keepsTape ? keys : LayerKeys(keys: Value(keys.keys.data), values: Value(keys.values.data)))
            if observing.contains(index) { observed[index] = (output.q, keys.keys.data) }
        }
        let normed = norm(hidden)
        return LanguageOutput(
            hidden: keepsTape ? normed : Value(normed.data), layers: layers, observed: observed)
    }

    /// Runs rows through all layers without a gradient, for what their attention looks at; keeps nothing of a
    /// layer, and ends before the final norm.
    ///
    /// - Parameters:
    ///   - embeddings: `[rows, hidden]`
    ///   - sharing: rows in common, as for `forward`
    ///   - observe: given the queries `[rows, heads * headSize]` and keys `[rows, keyHeads * headSize]` of
    ///     each layer in turn, after the rotary embedding
    public func observe(
        _ embeddings: Value, positions: [Int32], layout: AttentionLayout, sharing: RowSharing? = nil,
        _ observe: (_ q: Tensor, _ k: Tensor) -> Void
    ) {
        let computed = sharing.map { $0.computed.map { positions[Int($0)] } } ?? positions
        let table = RotaryTable(positions: computed, headSize: headSize, theta: configuration.ropeTheta)
        var hidden = Value(sharing.map { embeddings.data.gatheringRows($0.computed) } ?? embeddings.data)
        for block in blocks {
            let output = block(
                hidden, table, layout: sharing?.layout ?? layout, trunk: nil, sharing: sharing)
            observe(
                sharing.map { output.q.gatheringRows($0.keyRows) } ?? output.q, output.keys.keys.data)
            hidden = Value(output.hidden.data)
        }
    }

    /// Logits of some rows of a forward pass, `[rows, vocabulary]`, without a gradient.
    ///
    /// - Parameter hidden: `[rows, hidden]`, after the final norm
    public func logits(_ hidden: Tensor) -> Tensor {
        let logits = Tensor(uninitialized: [hidden.rows, vocabularySize])
        Autograd.project(hidden, by: head, into: logits)
        return logits
    }
}
