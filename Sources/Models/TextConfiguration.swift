import Files
import Foundation

/// The language model's part of `config.json`.
public struct TextConfiguration: Equatable, Sendable {
    public enum Family: String, CaseIterable, Sendable { case qwen2, qwen3, llama }

    public let family: Family
    /// Rows of the embedding table: at least the tokenizer's ids, often padded beyond them.
    public var vocabulary: Int
    public let hidden: Int
    public let intermediate: Int
    public internal(set) var layers: Int
    public let heads: Int
    public let keyHeads: Int
    public let headSize: Int
    public let normEpsilon: Double
    public let ropeTheta: Double
    /// Whether the embedding table is also the head.
    public let tiedEmbeddings: Bool
    public let maximumPositions: Int
    public let startId: Int32?
    public let endOfSequenceIDs: [Int32]
    /// Its row of the embedding table receives no gradient as an input, as in `transformers`, where it is the
    /// table's `padding_idx`.
    public let paddingId: Int32?
    /// The object as it was read, so that keys unknown here survive a rewrite.
    let source: JSONObject

    /// Qwen2 has biases on q, k and v.
    var hasAttentionBias: Bool { family == .qwen2 }
    /// Qwen3 normalises q and k per head.
    var hasHeadNorms: Bool { family == .qwen3 }

    /// Absent fields take the defaults of the Hugging Face configuration classes.
    init(_ fields: Fields, tiedAbove: Bool = false) throws {
        family = try fields.choice("model_type", default: .llama)
        let isLlama = family == .llama
        vocabulary = try fields.integer("vocab_size", default: isLlama ? 32000 : 151_936)
        hidden = try fields.integer("hidden_size", default: 4096, in: 1...(1 << 20))
        intermediate = try fields.integer(
            "intermediate_size", default: isLlama ? 11008 : 22016, in: 1...(1 << 20))
        layers = try fields.integer("num_hidden_layers", default: 32, in: 1...10_000)
        heads = try fields.integer("num_attention_heads", default: 32, in: 1...(1 << 16))
        keyHeads = try fields.integer("num_key_value_heads", default: isLlama ? heads : 32, in: 1...(1 << 16))
        headSize = try fields.integer(
            "head_dim", default: family == .qwen3 ? 128 : hidden / heads, in: 2...(1 << 16))
        normEpsilon = try fields.number("rms_norm_eps", default: 1e-6)
        ropeTheta = try Self.ropeTheta(fields)
        tiedEmbeddings = try fields.flag("tie_word_embeddings", default: false) || tiedAbove
        maximumPositions = try fields.integer(
            "max_position_embeddings", default: isLlama ? 2048 : 32768, in: 1...(1 << 31))
        startId = try fields.ids("bos_token_id").first
        endOfSequenceIDs = try fields.ids("eos_token_id")
        paddingId = try fields.ids("pad_token_id").first
        source = fields.object
        guard heads % keyHeads == 0 else {
            throw fields.bad("num_key_value_heads", "a divisor of the \(heads) heads")
        }
        guard headSize % 2 == 0 else {
            throw fields.bad(
                fields["head_dim"] == nil ? "hidden_size" : "head_dim", "an even number of values a head")
        }
        guard fields["head_dim"] != nil || family == .qwen3 || hidden % heads == 0 else {
            throw fields.bad("hidden_size", "a multiple of the \(heads) heads")
        }
        try Self.refuseUnsupported(fields, family)
    }

    /// Reads `config.json` of a language model, of a Hugging Face LLaVA model, or of one of LLaVA's own
    /// releases, whose text fields stand at the top and whose `model_type` is such as `llava_qwen2`.
    init(folder: URL) throws {
        let fields = try Fields(folder.appendingPathComponent("config.json"))
        let type = try fields.text("model_type")
        if let inner = try fields.object("text_config") {
            try self.init(inner, tiedAbove: fields.flag("tie_word_embeddings", default: false))
        } else if type.hasPrefix("llava") {
            guard let family = [Family.qwen3, .qwen2, .llama].first(where: { type.contains($0.rawValue) })
            else {
                throw fields.bad("model_type", "llava_qwen2, llava_qwen3 or llava_llama")
            }
            var object = JSONObject(fields.object.members.filter { !$0.name.hasPrefix("mm_") })
            object["model_type"] = .string(family.rawValue)
            try self.init(Fields(file: fields.file, object: object))
        } else {
            guard Family(rawValue: type) != nil else {
                throw fields.bad("model_type", "qwen2, qwen3, llama or a LLaVA model")
            }
            try self.init(fields)
        }
    }

    private static func ropeTheta(_ fields: Fields) throws -> Double {
        let parameters = try fields.object("rope_parameters")
        for scaling in [parameters, try fields.object("rope_scaling")].compactMap({ $0 }) {
            for key in ["rope_type", "type"] where scaling[key] != nil && scaling[key] != .string("default") {
                throw scaling.bad(key, "'default': scaled rotary embeddings are not supported")
            }
            if let part = scaling["partial_rotary_factor"], part != 1 {
                throw scaling.bad("partial_rotary_factor", "1")
            }
        }
        return try parameters?.number("rope_theta", default: fields.number("rope_theta", default: 10_000))
            ?? fields.number("rope_theta", default: 10_000)
    }

    private static func refuseUnsupported(_ fields: Fields, _ family: Family) throws {
        guard try fields.text("hidden_act", default: "silu") == "silu" else {
            throw fields.bad("hidden_act", "'silu'")
        }
        for key in ["attention_bias", "mlp_bias", "use_sliding_window"]
        where try fields.flag(key, default: false) {
            // Qwen2's own biases are not a setting of its configuration.
            throw fields.bad(key, "false: a \(family.rawValue) model with it is not supported")
        }
        if case .array(let types)? = fields["layer_types"],
            types.contains(where: { $0 != .string("full_attention") })
        {
            throw fields.bad("layer_types", "'full_attention' for every layer")
        }
        if let part = fields["partial_rotary_factor"], part != 1 {
            throw fields.bad("partial_rotary_factor", "1")
        }
        if let tensorParallel = fields["pretraining_tp"], tensorParallel != .int(1) {
            throw fields.bad("pretraining_tp", "1")
        }
    }

    /// The object as written to a checkpoint: transformers 4 reads `rope_theta`, 5 reads either.
    var written: JSONObject {
        var object = source
        object["model_type"] = .string(family.rawValue)
        object["vocab_size"] = .int(vocabulary)
        object["hidden_size"] = .int(hidden)
        object["intermediate_size"] = .int(intermediate)
        object["num_hidden_layers"] = .int(layers)
        object["num_attention_heads"] = .int(heads)
        object["num_key_value_heads"] = .int(keyHeads)
        object["head_dim"] = .int(headSize)
        object["hidden_act"] = .string("silu")
        object["rms_norm_eps"] = .double(normEpsilon)
        object["rope_theta"] = .double(ropeTheta)
        object["tie_word_embeddings"] = .bool(tiedEmbeddings)
        object["max_position_embeddings"] = .int(maximumPositions)
        return object
    }
}
