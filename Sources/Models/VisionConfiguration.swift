import Autograd
import Files

/// The vision tower's part of `config.json`.
public struct VisionConfiguration: Equatable, Sendable {
    public enum Family: String, CaseIterable, Sendable {
        case siglip = "siglip_vision_model"
        case clip = "clip_vision_model"
    }

    public let family: Family
    public let hidden: Int
    public let intermediate: Int
    public let layers: Int
    public let heads: Int
    /// Side of the square image in pixels.
    public let imageSize: Int
    /// Side of a patch in pixels.
    public let patchSize: Int
    public let normEpsilon: Double
    public let activation: Activation
    /// The object as it was read, so that keys unknown here survive a rewrite.
    let source: JSONObject

    public var headSize: Int { hidden / heads }
    public var patches: Int { (imageSize / patchSize) * (imageSize / patchSize) }
    /// Values of a patch: channels times pixels.
    public var patchWidth: Int { 3 * patchSize * patchSize }
    /// CLIP puts a class token before the patches.
    var hasClassToken: Bool { family == .clip }
    /// Rows of the position table.
    var positions: Int { patches + (hasClassToken ? 1 : 0) }

    /// Absent fields take the defaults of the Hugging Face configuration classes.
    init(_ fields: JSONField) throws {
        family = try fields["model_type"].choice()
        let isClip = family == .clip
        hidden = try fields.integer("hidden_size", default: 768, in: 1...(1 << 16))
        intermediate = try fields.integer("intermediate_size", default: 3072, in: 1...(1 << 20))
        layers = try fields.integer("num_hidden_layers", default: 12, in: 1...10_000)
        heads = try fields.integer("num_attention_heads", default: 12, in: 1...(1 << 16))
        imageSize = try fields.integer("image_size", default: 224, in: 1...8192)
        patchSize = try fields.integer("patch_size", default: isClip ? 32 : 16, in: 1...8192)
        normEpsilon = try fields.epsilon("layer_norm_eps") ?? (isClip ? 1e-5 : 1e-6)
        activation = try fields.optional("hidden_act")?.choice() ?? (isClip ? .quickGelu : .geluTanh)
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
    }

    /// Whether a tower may have a tensor of this name, used or not.
    func hasPlace(for name: String) -> Bool {
        let ends = ["pre_layrnorm.", "post_layernorm.", "head."].map { CheckpointNames.vision + $0 }
        if ends.contains(where: name.hasPrefix) { return true }
        let blocks = CheckpointNames.vision + "encoder.layers."
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
        object["intermediate_size"] = .int(intermediate)
        object["num_hidden_layers"] = .int(layers)
        object["num_attention_heads"] = .int(heads)
        object["image_size"] = .int(imageSize)
        object["patch_size"] = .int(patchSize)
        object["layer_norm_eps"] = .double(normEpsilon)
        object["hidden_act"] = .string(activation.rawValue)
        object["num_channels"] = .int(3)
        return object
    }
}
