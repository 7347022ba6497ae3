import Autograd
import Files
import Foundation
import Images

/// What the folder of a language model says of the LLaVA model that it is part of: its tower, its projector
/// and how they are joined. Nothing of a language model alone.
///
/// A model of Hugging Face describes its tower in `vision_config`. One of LLaVA's own releases has the fields
/// of its language model at the top, those of the rest as `mm_*`, and its tower apart or as weights alone.
struct LlavaSource {
    /// Whether the folder is one of LLaVA's own releases.
    let isRelease: Bool
    /// Whether projector and tower are those of a model that is known here.
    let isLlava: Bool
    /// Whether the folder describes the tower.
    let describesTower: Bool
    private(set) var featureLayer: Int?
    /// Its name in config.json.
    var featureLayerField: String { isRelease ? "mm_vision_select_layer" : "vision_feature_layer" }
    /// Nil for what the tower needs: LLaVA's `patch`.
    private var featureSelection: LlavaConfiguration.FeatureSelection?
    private(set) var imageAspect: ImageProcessor.Aspect?
    private(set) var projectorActivation = Activation.gelu
    private(set) var projectorBias = true
    /// What a release calls its tower, for messages.
    private(set) var towerName = "its tower"
    /// What a user should know: whole sentences.
    private(set) var notices: [String] = []
    private let fields: JSONField

    /// - Parameter settings: say what counts in place of the folder's fields
    /// - Throws: `FilesError.badField` for what the numbers would depend on and is not supported
    init(folder: URL, _ settings: AssemblySettings) throws {
        fields = try JSONField(folder.appendingPathComponent("config.json"))
        isRelease = try LlavaRelease.describes(fields)
        isLlava = try isRelease || fields["model_type"].string() == "llava"
        describesTower = try isLlava && fields.optional("vision_config") != nil
        guard isLlava else {
            if try fields.optional("vision_config") != nil {
                notices.append(
                    "\(folder.path): of this '\(outside: try fields["model_type"].string())' only "
                        + "the language model is taken")
            }
            return
        }
        guard isRelease else {
            if settings.featureLayer == nil {
                featureLayer = try fields.optional(featureLayerField)?.integer()
            }
            featureSelection = try fields.optional("vision_feature_select_strategy")?.choice()
            imageAspect = try settings.imageAspect ?? fields.optional("image_aspect_ratio")?.choice()
            projectorActivation = try fields.optional("projector_hidden_act")?.choice() ?? .gelu
            projectorBias = try fields.flag("multimodal_projector_bias", default: true)
            return
        }
        try readRelease(settings)
    }

    private mutating func readRelease(_ settings: AssemblySettings) throws {
        if settings.featureLayer == nil {
            featureLayer = try fields.optional(featureLayerField)?.integer()
        }
        if let field = try fields.optional("mm_vision_select_feature") {
            switch field.value {
            case "patch": break
            case "cls_patch": featureSelection = .full
            default: throw field.bad(expected: "'patch' or 'cls_patch'")
            }
        }
        try LlavaRelease.refuse("mm_resampler_type", in: fields)
        for name in ["mm_use_im_start_end", "s2", "use_pos_skipping"] {
            try LlavaRelease.refuse(name, in: fields)
        }
        imageAspect = settings.imageAspect
        if imageAspect == nil {
            let field = try fields.optional("image_aspect_ratio")
            switch field?.value {
            case nil, "square": break  // the way of the tower's own processor
            case "pad": imageAspect = .pad
            default:
                throw try fields["image_aspect_ratio"].bad(
                    expected: "'pad' or 'square' (--set image_aspect=pad goes without)")
            }
            if let merge = try fields.optional("mm_patch_merge_type"), merge.value != "flat" {
                throw merge.bad(expected: "'flat' (--set image_aspect=pad goes without)")
            }
        }
        if let name = try fields.optional("mm_vision_tower") ?? fields.optional("vision_tower") {
            towerName = "'\(outside: try name.string())'"
        }
        let unknown = try LlavaRelease.unknown(fields)
        if !unknown.isEmpty {
            notices.append(
                "\(fields.file): \(unknown.map { "'\(outside: $0)'" }.joined(separator: ", ")) "
                    + "of this release of LLaVA is not known here and has no effect")
        }
    }

    /// Which features of a tower are used; nil for what the tower needs, also where it is of another form
    /// than the model's own.
    func featureSelection(of tower: VisionConfiguration) -> LlavaConfiguration.FeatureSelection? {
        guard describesTower, !isRelease else { return featureSelection }
        let own = try? VisionConfiguration(fields["vision_config"])
        return own?.hasClassToken == tower.hasClassToken ? featureSelection : nil
    }

    /// Holds the projector's fields to what a projector here can be.
    ///
    /// - Parameters:
    ///   - features: width of the tower's features
    ///   - hasTwoLayers: whether its weights are those of two layers
    func checkProjector(features: Int, hasTwoLayers: Bool) throws {
        guard isRelease else { return }
        let remedy = "(--set keeps_projector=false makes a fresh projector)"
        let type = try fields.optional("mm_projector_type")
        // Without the field LLaVA makes a single layer; weights of two say otherwise.
        guard type?.value == "mlp2x_gelu" || type == nil && hasTwoLayers else {
            throw try fields["mm_projector_type"].bad(expected: "'mlp2x_gelu' \(remedy)")
        }
        if let width = try fields.optional("mm_hidden_size"), width.value?.int != features {
            throw width.bad(
                expected: "\(features), the width of the features of --vision; \(towerName) is the release's "
                    + "tower \(remedy)")
        }
    }

    /// Why there is no tower, where a release needs one that is not given.
    func missingTower(_ folder: URL, holdsWeights: Bool) -> ModelsError {
        .cannotAssemble(
            problem: holdsWeights
                ? "\(folder.path) holds the weights of its tower and not their shape: give --vision a folder "
                    + "with config.json and preprocessor_config.json of \(towerName)"
                : "\(folder.path) is a release of LLaVA whose tower is apart: give --vision the folder of "
                    + "\(towerName) (mm_vision_tower)")
    }
}
