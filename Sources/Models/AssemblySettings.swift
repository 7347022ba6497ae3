import Files
import Images

/// A language model that starts from random weights. The defaults are the demo's teacher (docs: the embedded
/// world).
public struct FreshLanguage: Codable, Equatable, Sendable {
    /// qwen2, qwen3 or llama.
    public var family = "qwen2"
    public var hidden = 128
    public var layers = 4
    public var heads = 4
    public var keyHeads = 4
    /// Nil for hidden / heads.
    public var headSize: Int?
    public var intermediate = 352
    public var ropeTheta = 1e6
    /// Standard deviation of fresh matrices. 0.02 is usual; the demo's small models learn about three times
    /// faster from some 0.6/√hidden.
    public var initializerRange = 0.02
    public var tiedEmbeddings = true
    public var maximumPositions = 2048
    /// Rows of the embedding table; nil for the tokenizer's.
    public var vocabulary: Int?

    public init() {}

    enum CodingKeys: String, CodingKey {
        case family, hidden, layers, heads, intermediate, vocabulary
        case keyHeads = "key_heads"
        case headSize = "head_size"
        case ropeTheta = "rope_theta"
        case initializerRange = "initializer_range"
        case tiedEmbeddings = "tied_embeddings"
        case maximumPositions = "maximum_positions"
    }
}

/// A vision tower that starts from random weights. The defaults need no training: with feature layer -2 of
/// one layer the features are orthonormal projections of patches plus random positions.
public struct FreshVision: Codable, Equatable, Sendable {
    /// siglip or clip.
    public var family = "siglip"
    /// Side of the image in pixels.
    public var imageSize = 64
    /// Side of a patch in pixels.
    public var patchSize = 16
    public var hidden = 128
    public var layers = 1
    public var heads = 4
    public var intermediate = 128
    /// Whether the rows of the patch embedding are orthonormal; otherwise they are normal with deviation
    /// 0.02.
    public var orthonormalPatches = true
    /// Standard deviation of the position embeddings beside orthonormal patches.
    public var positionDeviation = 0.5
    /// Towers of equal shape and seed are equal: teacher and student share theirs through this.
    public var seed: UInt64 = 1

    public init() {}

    enum CodingKeys: String, CodingKey {
        case family, hidden, layers, heads, intermediate, seed
        case imageSize = "image_size"
        case patchSize = "patch_size"
        case orthonormalPatches = "orthonormal_patches"
        case positionDeviation = "position_deviation"
    }
}

/// How to put a LLaVA model together.
public struct AssemblySettings: Codable, Equatable, Sendable {
    /// Of the projector and a fresh language model.
    public var seed: UInt64 = 1
    /// Used without a language model's folder.
    public var language = FreshLanguage()
    /// Used without a vision tower's folder.
    public var vision = FreshVision()
    /// Whether the projector is the language model folder's instead of a fresh one: for LLaVA's own releases,
    /// whose tower is apart.
    public var keepsProjector = false
    /// Hidden layer of the tower that becomes features; -2 in LLaVA and Align-TI.
    public var featureLayer = -2
    /// `full` or `default` (without the first token); nil for what the tower needs: `full` for SigLIP,
    /// `default` for CLIP.
    public var featureSelection: LlavaConfiguration.FeatureSelection?
    /// `square`, `pad` or `clip`; nil for the tower's own way.
    public var imageAspect: ImageProcessor.Aspect?
    /// The placeholder; a tokenizer that lacks it gets it.
    public var imageToken = "<image>"

    public init() {}

    enum CodingKeys: String, CodingKey {
        case seed, language, vision
        case keepsProjector = "keeps_projector"
        case featureLayer = "feature_layer"
        case featureSelection = "feature_selection"
        case imageAspect = "image_aspect"
        case imageToken = "image_token"
    }
}

extension FreshLanguage {
    /// The same as a `config.json` would say it, checked like one.
    func configuration(vocabulary: Int, endOfSequenceIDs: [Int]) throws -> TextConfiguration {
        guard initializerRange > 0, initializerRange <= 1 else {
            throw ModelsError.cannotAssemble(
                problem: "language.initializer_range is \(initializerRange); it must be above 0 and at most 1"
            )
        }
        var object: JSONObject = [
            "model_type": .string(family), "hidden_size": .int(hidden), "num_hidden_layers": .int(layers),
            "num_attention_heads": .int(heads), "num_key_value_heads": .int(keyHeads),
            "intermediate_size": .int(intermediate),
            "rope_theta": .double(ropeTheta), "tie_word_embeddings": .bool(tiedEmbeddings),
            "vocab_size": .int(vocabulary),
            "max_position_embeddings": .int(maximumPositions), "hidden_act": .string("silu"),
            "rms_norm_eps": .double(1e-6),
            "initializer_range": .double(initializerRange),
        ]
        if heads > 0 { object["head_dim"] = .int(headSize ?? hidden / heads) }
        if let end = endOfSequenceIDs.first { object["eos_token_id"] = .int(end) }
        return try TextConfiguration(Fields(file: "recipe", path: "language: ", object: object))
    }
}

extension FreshVision {
    /// The same as a `config.json` would say it, checked like one.
    func configuration() throws -> VisionConfiguration {
        var object: JSONObject = [
            "model_type": .string("\(family)_vision_model"), "hidden_size": .int(hidden),
            "num_hidden_layers": .int(layers),
            "num_attention_heads": .int(heads), "intermediate_size": .int(intermediate),
            "image_size": .int(imageSize),
            "patch_size": .int(patchSize),
        ]
        if family == "siglip" { object["vision_use_head"] = .bool(false) }
        return try VisionConfiguration(Fields(file: "recipe", path: "vision: ", object: object))
    }
}
