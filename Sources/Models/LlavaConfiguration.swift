import Autograd
import Files
import Foundation
import Images

/// A model folder's `config.json`: a LLaVA model, or a language model alone.
public struct LlavaConfiguration: Equatable, Sendable {
    /// Rows of the chosen hidden layer that become features.
    public enum FeatureSelection: String, CaseIterable, Sendable, Codable {
        /// All but the first, which is CLIP's class token.
        case patches = "default"
        case full
    }

    public var text: TextConfiguration
    /// Nil for a language model alone.
    public private(set) var vision: VisionConfiguration?
    /// The placeholder in the text, one a visual token.
    public var imageTokenID: Int32
    /// Hidden layer of the tower: 0 the embeddings, i the output of layer i, negative from the end.
    public let featureLayer: Int
    public let featureSelection: FeatureSelection
    public let projectorActivation: Activation
    public let projectorBias: Bool
    package let source: JSONObject

    /// LLaVA's IMAGE_TOKEN_INDEX: stands for a visual token where no vocabulary has an id for it.
    public static let imageTokenIndex: Int32 = -200

    /// Reads and checks `config.json` in a model folder.
    ///
    /// - Throws: `FilesError.badField`, naming file and field; settings that would change the numbers and are
    ///   not supported are refused
    public init(folder: URL) throws {
        try self.init(JSONField(folder.appendingPathComponent("config.json")))
        try text.addEnds(generatingIn: folder)
        guard let tower = vision else { return }
        let processor = try ImageProcessor(folder: folder, model: source, tower: tower)
        vision = try tower.resized(
            to: processor.size, place: folder.appendingPathComponent("preprocessor_config.json").path,
            field: "size")
    }

    init(_ fields: JSONField) throws {
        source = try fields.object()
        try fields.refuseImpossible()
        let type = try fields["model_type"].string()
        guard try !LlavaRelease.describes(fields) else {
            throw try fields["model_type"].bad(
                expected: "a Hugging Face model with text_config; of this release of LLaVA itself "
                    + "assemble-model --language makes one")
        }
        guard type == "llava" else {
            guard TextConfiguration.Family(rawValue: type) != nil else {
                throw try fields["model_type"].bad(expected: "llava, qwen2, qwen3 or llama")
            }
            text = try TextConfiguration(fields)
            vision = nil
            (imageTokenID, featureLayer, featureSelection) = (Self.imageTokenIndex, -2, .patches)
            (projectorActivation, projectorBias) = (.gelu, true)
            return
        }
        text = try TextConfiguration(
            fields["text_config"], tiedAbove: fields.flag("tie_word_embeddings"))
        let vision = try VisionConfiguration(fields["vision_config"])
        self.vision = vision
        let placeholder = try fields.optional("image_token_index") ?? fields.optional("image_token_id")
        imageTokenID = Int32(try placeholder?.integer(in: 0...Int(Int32.max)) ?? 32000)
        let layer = try fields.optional("vision_feature_layer")
        let layers = -vision.layers - 1...vision.layers
        // A list of one is that one; several are joined by transformers, which nothing here does.
        if case .array(let list)? = layer?.value, list.count == 1, let only = list[0].int,
            layers.contains(only)
        {
            featureLayer = only
        } else {
            featureLayer = try layer?.integer(in: layers) ?? -2
        }
        featureSelection = try fields.optional("vision_feature_select_strategy")?.choice() ?? .patches
        projectorActivation = try fields.optional("projector_hidden_act")?.choice() ?? .gelu
        projectorBias = try fields.flag("multimodal_projector_bias", default: true)
    }

    /// A model put together from parts.
    init(
        text: TextConfiguration, vision: VisionConfiguration?, imageTokenID: Int32, featureLayer: Int,
        featureSelection: FeatureSelection, projectorActivation: Activation = .gelu,
        projectorBias: Bool = true, extra: JSONObject = [:]
    ) {
        (self.text, self.vision, self.imageTokenID) = (text, vision, imageTokenID)
        (self.featureLayer, self.featureSelection) = (featureLayer, featureSelection)
        (self.projectorActivation, self.projectorBias, source) = (projectorActivation, projectorBias, extra)
    }

    /// Layers of the tower that are run.
    package var usedVisionLayers: Int {
        guard let vision else { return 0 }
        return featureLayer >= 0 ? featureLayer : vision.layers + 1 + featureLayer
    }

    /// Visual tokens an image becomes.
    public var visualTokensPerImage: Int {
        guard let vision else { return 0 }
        return vision.positions - (featureSelection == .patches ? 1 : 0)
    }

    /// `config.json` as transformers 4 and 5 load it. Keys of the source that are unknown here are kept.
    ///
    /// - Parameter storedType: of the weights, as PyTorch calls it; parts that name theirs name the same
    func written(storedType: String) -> JSONValue {
        func typed(_ object: JSONObject) -> JSONValue {
            var object = object
            for name in ["dtype", "torch_dtype"] where object[name] != nil {
                object[name] = .string(storedType)
            }
            return .object(object)
        }
        var object = source
        object["torch_dtype"] = .string(storedType)
        guard let vision else {
            for (name, value) in text.written.members where name != "torch_dtype" { object[name] = value }
            return typed(object)
        }
        object["model_type"] = .string("llava")
        object["architectures"] = .array([.string("LlavaForConditionalGeneration")])
        object["text_config"] = typed(text.written)
        object["vision_config"] = typed(vision.written)
        object["tie_word_embeddings"] = .bool(text.tiedEmbeddings)
        object["image_token_index"] = .int(Int(imageTokenID))
        if object["image_token_id"] != nil { object["image_token_id"] = .int(Int(imageTokenID)) }
        object["image_seq_length"] = .int(visualTokensPerImage)
        object["vision_feature_layer"] = .int(featureLayer)
        object["vision_feature_select_strategy"] = .string(featureSelection.rawValue)
        object["projector_hidden_act"] = .string(projectorActivation.rawValue)
        object["multimodal_projector_bias"] = .bool(projectorBias)
        return typed(object)
    }
}
