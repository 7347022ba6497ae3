import Files
import Foundation
import Images
import Settings

/// A language model that starts from random weights. The defaults are the demo's teacher (docs: the embedded
/// world).
public struct FreshLanguage: Recipe, Equatable {
    @Setting("Architecture: qwen2, qwen3 or llama.") public var family = "qwen2"
    @Setting("Width of the residual stream.", in: 1...1_048_576) public var hidden = 128
    @Setting("Blocks.", in: 1...10_000) public var layers = 4
    @Setting("Heads of queries.", in: 1...1_048_576) public var heads = 4
    @Setting("Heads of keys and values; a divisor of heads.", in: 1...1_048_576) public var keyHeads = 4
    @Setting("Width of a head.", in: 1...1_048_576, null: "hidden / heads") public var headSize: Int?
    @Setting("Width of the feed-forward layers.", in: 1...1_048_576) public var intermediate = 352
    @Setting(
        "Share of layers, heads and widths that is made; a head keeps its width. For smaller and larger "
            + "models of the same form.", in: Bounds.above(0, to: 64))
    public var scale = 1.0
    @Setting("Base of the rotary position embedding.", in: Bounds.above(0)) public var ropeTheta = 1e6
    @Setting(
        "Standard deviation of fresh matrices. 0.02 is usual; the demo's small models learn about three "
            + "times faster from some 0.6/√hidden.", in: Bounds.above(0, to: 1))
    public var initializerRange = 0.02
    @Setting("Whether head and embedding table are one.") public var tiedEmbeddings = true
    @Setting("Positions that config.json promises.", unit: "tokens", in: 1...1_073_741_824)
    public var maximumPositions = 2048
    @Setting("Rows of the embedding table.", in: 1...1_073_741_824, null: "as the tokenizer needs")
    public var vocabulary: Int?

    public init() {}
}

/// A vision tower that starts from random weights. The defaults need no training: with feature layer -2 of
/// one layer the features are orthonormal projections of patches plus random positions.
public struct FreshVision: Recipe, Equatable {
    @Setting("Architecture: siglip or clip.") public var family = "siglip"
    @Setting("Side of the image.", unit: "pixels", in: 1...8192) public var imageSize = 64
    @Setting("Side of a patch.", unit: "pixels", in: 1...8192) public var patchSize = 16
    @Setting("Width of the residual stream.", in: 1...1_048_576) public var hidden = 128
    @Setting("Blocks.", in: 1...10_000) public var layers = 1
    @Setting("Heads.", in: 1...1_048_576) public var heads = 4
    @Setting("Width of the feed-forward layers.", in: 1...1_048_576) public var intermediate = 128
    @Setting(
        "Whether the rows of the patch embedding are orthonormal; otherwise they are normal with deviation "
            + "0.02.")
    public var orthonormalPatches = true
    @Setting("Standard deviation of the position embeddings beside orthonormal patches.", in: 0...)
    public var positionDeviation = 0.5
    @Setting("Towers of equal shape and seed are equal: teacher and student share theirs through this.")
    public var seed: UInt64 = 1

    public init() {}
}

/// How to put a LLaVA model together.
public struct AssemblySettings: Recipe, Equatable {
    @Setting("Seed of the projector and of a fresh language model.") public var seed: UInt64 = 1
    @Setting("The fresh language model; used without --language.") public var language = FreshLanguage()
    @Setting(
        "Layers of --language's model that are kept, evenly spread from its first to its last: a student "
            + "from a teacher's layers.", in: 1...10_000, null: "all")
    public var keptLayers: Int?
    @Setting("The kept layers by number, from 0, instead of their count.", null: "as kept_layers says")
    public var layerList: [Int]?
    @Setting("The fresh vision tower; used without --vision.") public var vision = FreshVision()
    @Setting(
        "Whether the projector is that of --language instead of a fresh one.",
        null: "where --language, a LLaVA model, has one")
    public var keepsProjector: Bool?
    @Setting(
        "Whether the weights of the tower are those of --language, a release of LLaVA itself, and --vision "
            + "only describes them.", null: "where the release holds them")
    public var keepsTower: Bool?
    @Setting(
        "Hidden layer of the tower that becomes features.",
        null: "that of --language, a LLaVA model, or -2, as in LLaVA and Align-TI")
    public var featureLayer: Int?
    @Setting(
        "Features that are used: full, or default (without the first token).",
        null: "that of --language, a LLaVA model, or what the tower needs: full for SigLIP, default for CLIP "
            + "and DINOv2")
    public var featureSelection: LlavaConfiguration.FeatureSelection?
    @Setting(
        "Side of the image of a tower that is not fresh, where its position embeddings can be interpolated "
            + "(DINOv2).", unit: "pixels", in: 1...8192, null: "the tower's own")
    public var imageSize: Int?
    @Setting(
        "How an image becomes square: square (resize), pad (centre on the mean colour first) or clip "
            + "(resize the shorter side, cut out the centre).",
        null: "that of --language, a LLaVA model, or the tower's own way")
    public var imageAspect: ImageProcessor.Aspect?
    @Setting("The placeholder of an image; a tokenizer that lacks it gets it.")
    public var imageToken = "<image>"

    public init() {}
}

extension FreshLanguage {
    /// The model of `scale` times the size, itself of scale 1.
    package var scaled: FreshLanguage {
        func share(_ number: Int) -> Int { max(1, Int((Double(number) * scale).rounded())) }
        var other = self
        other.scale = 1
        other.heads = share(heads)
        other.keyHeads = (1...min(other.heads, max(1, share(keyHeads)))).last { other.heads % $0 == 0 } ?? 1
        other.headSize = headSize ?? hidden / max(1, heads)
        other.hidden = max(1, hidden * other.heads / max(1, heads))
        (other.layers, other.intermediate) = (share(layers), share(intermediate))
        return other
    }

    /// The same as a `config.json` would say it, checked like one.
    func configuration(vocabulary: Int, endOfSequenceIDs: [Int]) throws -> TextConfiguration {
        guard scale == 1 else {
            return try scaled.configuration(vocabulary: vocabulary, endOfSequenceIDs: endOfSequenceIDs)
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
        // Absent they would be those of the family's class.
        object["bos_token_id"] = .null
        object["eos_token_id"] = endOfSequenceIDs.first.map { .int($0) } ?? .null
        return try TextConfiguration(
            JSONField(file: "recipe", path: "language", value: .object(object)))
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
        return try VisionConfiguration(
            JSONField(file: "recipe", path: "vision", value: .object(object)))
    }
}

extension AssemblySettings {
    /// Checks what the settings' own bounds cannot: a setting that would have no effect is an error.
    ///
    /// - Throws: `SettingProblem`
    func check(language: URL?, vision: URL?) throws {
        try check()
        func refuse(_ setting: String, _ why: String) throws -> Never { throw SettingProblem(setting, why) }
        if language != nil, self.language != FreshLanguage() {
            try refuse(
                "language",
                "describes a fresh language model, and --language gives one; leave one of them "
                    + "out (kept_layers takes some of its layers)")
        }
        if language == nil, keptLayers != nil || layerList != nil {
            try refuse(
                keptLayers != nil ? "kept_layers" : "layer_list",
                "takes layers of --language, which is missing")
        }
        if keptLayers != nil, layerList != nil {
            try refuse("layer_list", "names the layers that kept_layers counts; give one of the two")
        }
        if vision != nil, self.vision != FreshVision() {
            try refuse(
                "vision", "describes a fresh vision tower, and --vision gives one; leave one of them out")
        }
        if language == nil, keepsProjector != nil || keepsTower != nil {
            try refuse(
                keepsProjector != nil ? "keeps_projector" : "keeps_tower",
                "is about --language, which is missing")
        }
    }

    /// The layers that are taken of a model of `count`.
    ///
    /// - Throws: `ModelsError.cannotAssemble`
    func layers(of count: Int) throws -> [Int] {
        if let layerList {
            guard !layerList.isEmpty, layerList.allSatisfy((0..<count).contains) else {
                throw ModelsError.cannotAssemble(
                    problem: "layer_list is \(layerList), expected numbers from 0 to \(count - 1)")
            }
            return layerList
        }
        guard let keptLayers else { return Array(0..<count) }
        guard keptLayers <= count else {
            throw ModelsError.cannotAssemble(
                problem: "kept_layers is \(keptLayers), the language model has \(count) layers")
        }
        // The first and the last, and between them as evenly as whole numbers allow.
        return (0..<keptLayers).map {
            keptLayers == 1
                ? 0 : ($0 * (count - 1) * 2 + keptLayers - 1) / (2 * (keptLayers - 1))
        }
    }
}
