import Models

/// The language model of a GGUF file: metadata and weights.
struct LanguageFile {
    let text: TextConfiguration

    private var architecture: String { text.family.rawValue }

    func describe(_ writer: inout GGUFWriter) {
        func set(_ key: String, _ value: GGUFValue) { writer.set("\(architecture).\(key)", value) }
        set("context_length", .count(text.maximumPositions))
        set("embedding_length", .count(text.hidden))
        set("block_count", .count(text.layers))
        set("feed_forward_length", .count(text.intermediate))
        set("attention.head_count", .count(text.heads))
        set("attention.head_count_kv", .count(text.keyHeads))
        set("attention.key_length", .count(text.headSize))
        set("attention.value_length", .count(text.headSize))
        set("attention.layer_norm_rms_epsilon", .number(Float(text.normEpsilon)))
        set("rope.dimension_count", .count(text.headSize))
        set("rope.freq_base", .number(Float(text.ropeTheta)))
        set("vocab_size", .count(text.vocabulary))
    }

    /// Weights in the order of the file. A tied head is not stored: llama.cpp takes the embedding table.
    var weights: [StoredWeight] {
        let tree = CheckpointNames.language
        let table = [text.vocabulary, text.hidden]
        return [
            StoredWeight(
                name: "token_embd.weight", source: tree + "embed_tokens.weight", shape: table, form: .matrix)
        ]
            + (0..<text.layers).flatMap(block) + [
                StoredWeight(
                    name: "output_norm.weight", source: tree + "norm.weight", shape: [text.hidden])
            ]
            + (text.tiedEmbeddings
                ? []
                : [
                    StoredWeight(
                        name: "output.weight", source: CheckpointNames.head, shape: table, form: .matrix)
                ])
    }

    private func block(_ index: Int) -> [StoredWeight] {
        let hidden = text.hidden
        func vector(_ name: String, _ source: String, _ size: Int) -> StoredWeight {
            StoredWeight(
                name: "blk.\(index).\(name)", source: "\(CheckpointNames.language)layers.\(index).\(source)",
                shape: [size])
        }
        func matrix(_ name: String, _ source: String, _ rows: Int, _ width: Int, paired: Int? = nil)
            -> StoredWeight
        {
            StoredWeight(
                name: "blk.\(index).\(name).weight",
                source: "\(CheckpointNames.language)layers.\(index).\(source).weight", shape: [rows, width],
                form: .matrix, pairedHeads: text.family == .llama ? paired : nil)
        }
        let (queries, keys) = (text.heads * text.headSize, text.keyHeads * text.headSize)
        var weights = [
            vector("attn_norm.weight", "input_layernorm.weight", hidden),
            matrix("attn_q", "self_attn.q_proj", queries, hidden, paired: text.heads),
            matrix("attn_k", "self_attn.k_proj", keys, hidden, paired: text.keyHeads),
            matrix("attn_v", "self_attn.v_proj", keys, hidden),
            matrix("attn_output", "self_attn.o_proj", hidden, queries),
        ]
        if text.hasAttentionBias {
            weights += [("q", queries), ("k", keys), ("v", keys)].map {
                vector("attn_\($0.0).bias", "self_attn.\($0.0)_proj.bias", $0.1)
            }
        }
        if text.hasHeadNorms {
            weights += ["q", "k"].map {
                vector("attn_\($0)_norm.weight", "self_attn.\($0)_norm.weight", text.headSize)
            }
        }
        return weights + [
            vector("ffn_norm.weight", "post_attention_layernorm.weight", hidden),
            matrix("ffn_gate", "mlp.gate_proj", text.intermediate, hidden),
            matrix("ffn_up", "mlp.up_proj", text.intermediate, hidden),
            matrix("ffn_down", "mlp.down_proj", hidden, text.intermediate),
        ]
    }
}
