import Files
import Foundation

/// The language model's part of `config.json`.
public struct TextConfiguration: Equatable, Sendable {
    public enum Family: String, CaseIterable, Sendable {
        case qwen2, qwen3, llama

        /// The class in transformers, which vLLM looks for in a LLaVA model's `text_config` too.
        var architecture: String {
            switch self {
            case .qwen2: "Qwen2ForCausalLM"
            case .qwen3: "Qwen3ForCausalLM"
            case .llama: "LlamaForCausalLM"
            }
        }
    }

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
    public internal(set) var tiedEmbeddings: Bool
    public let maximumPositions: Int
    public let startId: Int32?
    public private(set) var endOfSequenceIDs: [Int32]
    /// Its row of the embedding table receives no gradient as an input, as in `transformers`, where it is the
    /// table's `padding_idx`.
    public let paddingId: Int32?
    /// Ids that were named as a start, an end or padding and are none of the vocabulary's: left out.
    public private(set) var unknownIDs: [Int32] = []
    /// The object as it was read, so that keys unknown here survive a rewrite.
    private(set) var source: JSONObject

    /// Qwen2 has biases on q, k and v.
    package var hasAttentionBias: Bool { family == .qwen2 }
    /// Qwen3 normalises q and k per head.
    package var hasHeadNorms: Bool { family == .qwen3 }

    /// Absent fields take the defaults of the Hugging Face configuration classes.
    init(_ fields: JSONField, tiedAbove: Bool = false) throws {
        family = try fields.optional("model_type")?.choice() ?? .llama
        let isLlama = family == .llama
        vocabulary = try fields.integer("vocab_size", default: isLlama ? 32000 : 151_936)
        hidden = try fields.integer("hidden_size", default: 4096, in: 1...(1 << 20))
        intermediate = try fields.integer(
            "intermediate_size", default: isLlama ? 11008 : 22016, in: 1...(1 << 20))
        layers = try fields.integer("num_hidden_layers", default: 32, in: 1...10_000)
        heads = try fields.integer("num_attention_heads", default: 32, in: 1...(1 << 16))
        // Null means one for each head.
        keyHeads = try fields.integer(
            "num_key_value_heads",
            default: isLlama || fields["num_key_value_heads"].value == .null ? heads : 32,
            in: 1...(1 << 16))
        headSize = try fields.integer(
            "head_dim", default: family == .qwen3 ? 128 : hidden / heads, in: 2...(1 << 16))
        normEpsilon = try fields.epsilon("rms_norm_eps") ?? 1e-6
        ropeTheta = try Self.ropeTheta(fields)
        tiedEmbeddings = try fields.flag("tie_word_embeddings") || tiedAbove
        maximumPositions = try fields.integer(
            "max_position_embeddings", default: isLlama ? 2048 : 32768, in: 1...(1 << 31))
        let starts = try fields.ids("bos_token_id", default: isLlama ? 1 : nil)
        let ends = try fields.ids("eos_token_id", default: isLlama ? 2 : nil)
        let paddings = try fields.ids("pad_token_id")
        let ids = 0..<Int32(vocabulary)
        startId = starts.first.flatMap { ids.contains($0) ? $0 : nil }
        endOfSequenceIDs = ends.filter(ids.contains)
        paddingId = paddings.first.flatMap { ids.contains($0) ? $0 : nil }
        // Llama's first releases have a padding of -1, which means none.
        unknownIDs = (starts + ends + paddings).filter { !ids.contains($0) && $0 != -1 }
        source = try fields.object()
        try fields.refuseImpossible()
        guard heads % keyHeads == 0 else {
            throw try fields["num_key_value_heads"].bad(expected: "a divisor of the \(heads) heads")
        }
        let statedHeadSize = try fields.optional("head_dim")
        guard headSize % 2 == 0 else {
            throw try (statedHeadSize ?? fields["hidden_size"]).bad(
                expected: "an even number of values a head")
        }
        guard statedHeadSize != nil || family == .qwen3 || hidden % heads == 0 else {
            throw try fields["hidden_size"].bad(expected: "a multiple of the \(heads) heads")
        }
        try Self.refuseUnsupported(fields, family)
    }

    /// Reads `config.json` of a language model, of a Hugging Face LLaVA model, or of one of LLaVA's own
    /// releases, whose text fields stand at the top.
    init(folder: URL) throws {
        let fields = try JSONField(folder.appendingPathComponent("config.json"))
        let type = try fields["model_type"].string()
        if let inner = try fields.optional("text_config") {
            try self.init(inner, tiedAbove: fields.flag("tie_word_embeddings"))
        } else if try LlavaRelease.describes(fields) {
            try self.init(LlavaRelease.text(fields))
        } else {
            guard Family(rawValue: type) != nil else {
                throw try fields["model_type"].bad(expected: "qwen2, qwen3, llama or a LLaVA model")
            }
            try self.init(fields)
        }
    }

    /// What a user should know of it.
    func notices(of folder: URL) -> [String] {
        guard !unknownIDs.isEmpty else { return [] }
        let ids = Set(unknownIDs).sorted().map(String.init).joined(separator: ", ")
        return [
            "\(folder.path): the ids \(ids), a start, an end or padding, are beyond the \(vocabulary) of the "
                + "vocabulary and are left out"
        ]
    }

    /// For fewer layers of a stored model.
    mutating func keep(_ count: Int) {
        guard count != layers else { return }
        layers = count
        if case .array(let types)? = source["layer_types"] {
            source["layer_types"] = .array(Array(types.prefix(count)))
        }
        if source["max_window_layers"] != nil { source["max_window_layers"] = .int(count) }
    }

    /// More ids that end a text.
    mutating func addEnds(_ ids: [Int32]) {
        for id in ids where !endOfSequenceIDs.contains(id) {
            if id >= 0, Int(id) < vocabulary { endOfSequenceIDs.append(id) } else { unknownIDs.append(id) }
        }
    }

    /// The ids that only `generation_config.json` names: what a chat model stops at is often said only there.
    mutating func addEnds(generatingIn folder: URL) throws {
        let file = folder.appendingPathComponent("generation_config.json")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        addEnds(try JSONField(file).ids("eos_token_id"))
    }

    private static func ropeTheta(_ fields: JSONField) throws -> Double {
        let parameters = try fields.optional("rope_parameters")
        for scaling in [parameters, try fields.optional("rope_scaling")].compactMap({ $0 }) {
            for key in ["rope_type", "type"] {
                try require(scaling, key, "default", "'default': scaled rotary embeddings are not supported")
            }
            try require(scaling, "partial_rotary_factor", 1, "1")
        }
        // transformers 5 keeps it among the parameters; those of a kind of layer each are of no model here.
        let places = [parameters, try fields.optional("rope_scaling"), fields].compactMap { $0 }
        for place in places.dropLast() {
            for (_, field) in try place.members() {
                if case .object? = field.value {
                    throw field.bad(expected: "one set of parameters for all layers")
                }
            }
        }
        let found = try places.compactMap { try $0.number("rope_theta", in: 1.0...1e12) }
        if let first = found.first, let other = found.first(where: { $0 != first }) {
            throw try fields["rope_theta"].bad(
                expected:
                    "one value: rope_parameters, rope_scaling and config.json have \(first) and \(other)")
        }
        return found.first ?? 10_000
    }

    private static func refuseUnsupported(_ fields: JSONField, _ family: Family) throws {
        try require(fields, "hidden_act", "silu", "'silu'")
        // Qwen2's own biases are not a setting of its configuration.
        for key in ["attention_bias", "mlp_bias", "use_sliding_window"] {
            try require(
                fields, key, false, "false: a \(family.rawValue) model with it is not supported")
        }
        for type in try fields.optional("layer_types")?.elements() ?? [] where type.value != "full_attention"
        {
            throw type.bad(expected: "'full_attention' for every layer")
        }
        for key in ["partial_rotary_factor", "pretraining_tp"] { try require(fields, key, 1, "1") }
    }

    /// Refuses an object whose member is there and has another value.
    private static func require(
        _ fields: JSONField, _ name: String, _ wanted: JSONValue, _ expected: String
    ) throws {
        guard let field = try fields.optional(name), field.value != wanted else { return }
        throw field.bad(expected: expected)
    }

    /// The object as written to a checkpoint: transformers 4 reads `rope_theta`, 5 reads either.
    var written: JSONObject {
        var object = source
        object["model_type"] = .string(family.rawValue)
        object["architectures"] = .array([.string(family.architecture)])
        // Absent, transformers takes that of the class, 1 for Llama.
        if object["bos_token_id"] == nil { object["bos_token_id"] = startId.map { .int(Int($0)) } ?? .null }
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
