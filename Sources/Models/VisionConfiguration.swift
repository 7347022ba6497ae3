import Autograd
import Files

/// The vision tower's part of `config.json`.
public struct VisionConfiguration: Equatable, Sendable {
    public enum Family: String, CaseIterable, Sendable {
        case siglip = "siglip_vision_model"
        case clip = "clip_vision_model"
        case dinov2 = "dinov2"
    }

    public let family: Family
    public let hidden: Int
    public let intermediate: Int
    public let layers: Int
    public let heads: Int
    /// Side of the square image in pixels. DINOv2's may differ from the one its positions are stored for.
    public internal(set) var imageSize: Int
    /// Side in pixels of the image that the stored position embeddings are for: `image_size` of config.json.
    let storedImageSize: Int
    /// Side of a patch in pixels.
    public let patchSize: Int
    public let normEpsilon: Double
    public let activation: Activation
    /// Whether queries, keys and values have biases.
    let hasAttentionBias: Bool
    /// The object as it was read, so that keys unknown here survive a rewrite.
    let source: JSONObject

    public var headSize: Int { hidden / heads }
    public var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }
    /// Values of a patch: channels times pixels.
    public var patchWidth: Int { 3 * patchSize * patchSize }
    /// CLIP and DINOv2 put a class token before the patches.
    package var hasClassToken: Bool { family != .siglip }
    /// Rows that an image has in the tower.
    package var positions: Int { patches + (hasClassToken ? 1 : 0) }
    /// Rows of the stored position table.
    var storedPositions: Int {
        (storedImageSize / patchSize) * (storedImageSize / patchSize) + (hasClassToken ? 1 : 0)
    }

    /// Absent fields take the defaults of the Hugging Face configuration classes.
    init(_ fields: JSONField) throws {
        family = try fields["model_type"].choice()
        let standard = Defaults(family)
        hidden = try fields.integer("hidden_size", default: 768, in: 1...(1 << 16))
        layers = try fields.integer("num_hidden_layers", default: 12, in: 1...10_000)
        heads = try fields.integer("num_attention_heads", default: 12, in: 1...(1 << 16))
        intermediate =
            family == .dinov2
            ? hidden * (try fields.integer("mlp_ratio", default: 4, in: 1...64))
            : try fields.integer("intermediate_size", default: 3072, in: 1...(1 << 20))
        storedImageSize = try fields.integer("image_size", default: 224, in: 1...8192)
        imageSize = storedImageSize
        patchSize = try fields.integer("patch_size", default: standard.patchSize, in: 1...8192)
        normEpsilon = try fields.epsilon("layer_norm_eps") ?? standard.normEpsilon
        activation = try fields.optional("hidden_act")?.choice() ?? standard.activation
        hasAttentionBias = try family != .dinov2 || fields.flag("qkv_bias", default: true)
        source = try fields.object()
        try fields.refuseImpossible()
        guard try fields.integer("num_channels", default: 3) == 3 else {
            throw try fields["num_channels"].bad(expected: "3")
        }
        guard hidden % heads == 0 else {
            throw try fields["num_attention_heads"].bad(
                expected: "a divisor of the \(hidden) values of a row")
        }
        guard patchSize <= imageSize else {
            throw try fields["patch_size"].bad(expected: "at most the \(imageSize) pixels of the image")
        }
        guard try family != .dinov2 || !fields.flag("use_swiglu_ffn") else {
            throw try fields["use_swiglu_ffn"].bad(
                expected: "false: DINOv2-giant's gated feed-forward layers are not supported")
        }
    }

    /// What the Hugging Face configuration class of a family takes for an absent field.
    private struct Defaults {
        let patchSize: Int
        let normEpsilon: Double
        let activation: Activation

        init(_ family: Family) {
            (patchSize, normEpsilon, activation) =
                switch family {
                case .siglip: (16, 1e-6, .geluTanh)
                case .clip: (32, 1e-5, .quickGelu)
                case .dinov2: (14, 1e-6, .gelu)
                }
        }
    }

    /// For images of another side, where the family interpolates its position embeddings.
    ///
    /// - Throws: `FilesError.badField`, at `place` and `field`, for a tower with one size only
    func resized(to side: Int, place: String, field: String) throws -> VisionConfiguration {
        guard side != imageSize else { return self }
        guard family == .dinov2, (patchSize...8192).contains(side) else {
            throw FilesError.badField(
                place: place, field: field, found: "\(side)",
                expected: family == .dinov2
                    ? "\(patchSize) (a patch) to 8192 pixels" : "config.json's image_size, \(imageSize)")
        }
        var other = self
        other.imageSize = side
        return other
    }

    /// Whether a tower may have a tensor of this name, used or not.
    func hasPlace(for name: String) -> Bool {
        let unused =
            family == .dinov2
            ? ["layernorm.", "embeddings.mask_token"] : ["pre_layrnorm.", "post_layernorm.", "head."]
        if unused.contains(where: { name.hasPrefix(CheckpointNames.vision + $0) }) { return true }
        let blocks = CheckpointNames.vision + "encoder.\(family == .dinov2 ? "layer" : "layers")."
        guard name.hasPrefix(blocks), let index = Int(name.dropFirst(blocks.count).prefix { $0 != "." })
        else {
            return false
        }
        return (0..<layers).contains(index)
    }

    var written: JSONObject {
        var object = source
        object["model_type"] = .string(family.rawValue)
        object["hidden_size"] = .int(hidden)
        if family == .dinov2 {
            object["mlp_ratio"] = .int(intermediate / hidden)
        } else {
            object["intermediate_size"] = .int(intermediate)
        }
        object["num_hidden_layers"] = .int(layers)
        object["num_attention_heads"] = .int(heads)
        object["image_size"] = .int(storedImageSize)
        object["patch_size"] = .int(patchSize)
        object["layer_norm_eps"] = .double(normEpsilon)
        object["hidden_act"] = .string(activation.rawValue)
        object["num_channels"] = .int(3)
        return object
    }
}
