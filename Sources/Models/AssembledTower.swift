import Files
import Foundation
import Images

/// The vision tower of a model that is put together: its form, its weights, and what its pictures are.
struct AssembledTower {
    private(set) var configuration: VisionConfiguration
    private(set) var processor: ImageProcessor
    let weights: any WeightSource
    private(set) var notices: [String] = []

    /// - Parameters:
    ///   - vision: the tower's folder
    ///   - language: the language model's folder; `files` and `source` are what it holds
    init(
        _ settings: AssemblySettings, vision: URL?, language: URL?, _ files: Checkpoint?,
        _ source: LlavaSource?
    ) throws {
        let isFresh = settings.vision != FreshVision() || settings.keepsTower == false
        // A LLaVA model has a tower of its own.
        let folder = try vision ?? (isFresh ? nil : Self.ownTower(language, files, source))
        let holdsWeights = files?.holds(.vision) ?? false
        if settings.keepsTower == true, !holdsWeights {
            throw ModelsError.cannotAssemble(
                problem: "'keeps_tower' is true, and \(language?.path ?? "the model") holds no tower")
        }
        if let folder {
            configuration = try VisionConfiguration(folder: folder)
            let keeps = settings.keepsTower ?? (source?.isRelease == true && holdsWeights)
            let isOwn = folder.standardizedFileURL.path == language?.standardizedFileURL.path
            if let files, keeps || isOwn {
                weights = files
            } else {
                let own = try Checkpoint(folder: folder)
                (weights, notices) = (own, own.notices)
                if let language, holdsWeights {
                    notices.append("\(language.path): its vision tower is left out, --vision gives another")
                }
            }
        } else {
            configuration = try settings.vision.configuration()
            weights = RandomWeights(
                seed: settings.vision.seed,
                patchEmbedding: settings.vision.orthonormalPatches
                    ? .orthonormal(positionDeviation: settings.vision.positionDeviation) : .normal)
        }
        var model = JSONObject()
        // A setting counts before what files say; two of those must agree.
        if settings.imageAspect == nil, let aspect = source?.imageAspect {
            model["image_aspect_ratio"] = .string(aspect.rawValue)
        }
        processor = try ImageProcessor(folder: folder, model: model, tower: configuration)
        if let aspect = settings.imageAspect, aspect != processor.aspect {
            processor = try processor.treating(aspect)
        }
        if let side = settings.imageSize {
            guard folder != nil else {
                throw ModelsError.cannotAssemble(
                    problem: "'image_size' is that of --vision; a fresh tower has vision.image_size")
            }
            configuration = try configuration.resized(to: side, place: "recipe", field: "image_size")
            processor = try processor.resized(to: side)
        } else {
            configuration = try configuration.resized(
                to: processor.size, place: "\(folder?.path ?? "recipe")", field: "size")
        }
    }

    /// The folder of a LLaVA model that describes its tower and holds its weights.
    ///
    /// - Throws: `ModelsError.cannotAssemble` for a release that does not
    private static func ownTower(_ folder: URL?, _ files: Checkpoint?, _ source: LlavaSource?) throws -> URL?
    {
        guard let folder, let files, let source else { return nil }
        let holdsWeights = files.holds(.vision)
        if source.describesTower, holdsWeights { return folder }
        guard !source.isRelease else { throw source.missingTower(folder, holdsWeights: holdsWeights) }
        return nil
    }

    /// Weights of the tower beyond its feature layer, so that the checkpoint is complete.
    func unusedWeights(_ model: LlavaConfiguration) throws -> [StoredWeight] {
        if let files = weights as? Checkpoint { return files.unusedVision }
        let list = WeightList(weights)
        let tree = WeightScope(list, trainable: []) / "model" / "vision_tower"
        for index in model.usedVisionLayers..<configuration.layers {
            _ = try VisionBlock(tree / "encoder" / "layers" / index, configuration)
        }
        _ = try LayerNorm(
            tree / "post_layernorm", size: configuration.hidden, epsilon: configuration.normEpsilon)
        return list.weights
    }
}

extension VisionConfiguration {
    /// Reads `config.json` of a tower, of SigLIP or CLIP with both towers, or of a LLaVA model.
    init(folder: URL) throws {
        let fields = try JSONField(folder.appendingPathComponent("config.json"))
        try self.init(try fields.optional("vision_config") ?? fields)
    }
}
