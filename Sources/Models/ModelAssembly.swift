import Files
import Foundation
import Images
import Settings
import Tensors

/// A LLaVA model put together from parts, and the tokenizer that goes with it.
public struct ModelAssembly {
    public let model: LlavaModel
    private let tokenizer: URL
    private let changedTokenizer: [UInt8]?  // tokenizer.json with the placeholder added

    /// Takes a vision tower and a language model, each read from a checkpoint or made from random numbers,
    /// and a fresh projector.
    ///
    /// - Parameters:
    ///   - settings: see `AssemblySettings`; `language` and `vision` count where there is no folder
    ///   - language: a Hugging Face folder of a language model, or of a LLaVA model, whose language model is
    ///     taken. A release of LLaVA or Align-TI itself (tower apart) becomes a Hugging Face model this way,
    ///     with `keepsProjector`
    ///   - vision: a Hugging Face folder of SigLIP, CLIP or DINOv2 (or of a LLaVA model, whose tower is
    ///     taken)
    ///   - tokenizer: the folder of `tokenizer.json`; nil for the language model's
    /// - Throws: `ModelsError`, `FilesError` or `ImageError`
    public init(_ settings: AssemblySettings, language: URL?, vision: URL?, tokenizer: URL?) throws {
        do { try settings.check(language: language, vision: vision) } catch let problem as SettingProblem {
            throw ModelsError.cannotAssemble(problem: "\(problem)")
        }
        guard let tokenizer = tokenizer ?? language else {
            throw ModelsError.cannotAssemble(
                problem:
                    "a fresh language model needs a tokenizer's folder: its ids are the rows of the "
                    + "embedding table"
            )
        }
        self.tokenizer = tokenizer
        let words = try TokenizerFile(tokenizer.appendingPathComponent("tokenizer.json"))
        let known = words.id(of: settings.imageToken)
        let imageId = known ?? words.size
        changedTokenizer = known == nil ? try words.adding(settings.imageToken) : nil

        let weights = AssembledWeights(projector: RandomWeights(seed: settings.seed))
        let languageFiles = try language.map { try Checkpoint(folder: $0) }
        if settings.keepsProjector {
            guard let languageFiles else {
                throw ModelsError.cannotAssemble(
                    problem: "keeps_projector needs a language model's folder that has one")
            }
            weights.projector = languageFiles
        }
        var text: TextConfiguration
        if let language, let languageFiles {
            text = try TextConfiguration(folder: language)
            guard settings.language.scale == 1 else {
                throw ModelsError.cannotAssemble(
                    problem: "language.scale is \(settings.language.scale), but the language model of "
                        + "\(language.path) has the size it has: leave one of them out")
            }
            try languageFiles.believeHead(&text)
            // The placeholder may stand in the first row after the table: that row is added.
            guard text.vocabulary >= words.size(without: settings.imageToken), text.vocabulary >= imageId
            else {
                throw ModelsError.vocabularyTooSmall(
                    rows: text.vocabulary, needed: words.size, tokenizer: words.path)
            }
            let kept = try settings.layers(of: text.layers)
            weights.language = GrownVocabulary(languageFiles, rows: text.vocabulary, layers: kept)
            text.keep(kept.count)
            text.vocabulary = max(text.vocabulary, imageId + 1)
        } else {
            let ends = ["<|endoftext|>", "</s>", "<|end_of_text|>"].compactMap { words.id(of: $0) }
            let needed = max(words.size, imageId + 1)
            text = try settings.language.configuration(
                vocabulary: settings.language.vocabulary ?? needed, endOfSequenceIDs: ends)
            guard text.vocabulary >= needed else {
                throw ModelsError.vocabularyTooSmall(
                    rows: text.vocabulary, needed: needed, tokenizer: words.path)
            }
            weights.language = RandomWeights(
                seed: settings.seed, deviation: settings.language.initializerRange)
        }
        var tower: VisionConfiguration
        if let vision {
            tower = try VisionConfiguration(folder: vision)
            weights.vision = try Checkpoint(folder: vision)
        } else {
            tower = try settings.vision.configuration()
            weights.vision = RandomWeights(
                seed: settings.vision.seed,
                patchEmbedding: settings.vision.orthonormalPatches
                    ? .orthonormal(positionDeviation: settings.vision.positionDeviation) : .normal)
        }
        var processor = try ImageProcessor(
            folder: vision, model: Self.aspect(settings.imageAspect), tower: tower)
        if let side = settings.imageSize {
            (tower, processor) = (
                try tower.resized(to: side, place: "recipe", field: "image_size"),
                try processor.resized(to: side)
            )
        } else {
            tower = try tower.resized(
                to: processor.size, place: "\(vision?.path ?? "recipe")", field: "size")
        }
        guard (-tower.layers - 1...tower.layers).contains(settings.featureLayer) else {
            throw FilesError.badField(
                place: "recipe", field: "feature_layer", found: "\(settings.featureLayer)",
                expected: "\(-tower.layers - 1) to \(tower.layers)")
        }
        let configuration = LlavaConfiguration(
            text: text, vision: tower, imageTokenID: Int32(imageId), featureLayer: settings.featureLayer,
            featureSelection: settings.featureSelection ?? (tower.hasClassToken ? .patches : .full),
            extra: Self.aspect(settings.imageAspect))
        let scope = WeightScope(weights, trainable: [])
        model = try LlavaModel(
            configuration, scope, imageProcessor: processor,
            folder: language,
            unusedVision: {
                try (weights.vision as? Checkpoint)?.unusedVision
                    ?? Self.freshRest(scope, configuration, tower)
            }, notices: [languageFiles, weights.vision as? Checkpoint].flatMap { $0?.notices ?? [] })
        if settings.keptLayers == nil, settings.layerList == nil {
            try languageFiles?.refuseRest(of: [.language], tiedHead: text.tiedEmbeddings)
        }
    }

    /// Where LLaVA's `config.json` keeps how pictures become square.
    private static func aspect(_ aspect: ImageProcessor.Aspect?) -> JSONObject {
        aspect.map { ["image_aspect_ratio": .string($0.rawValue)] } ?? [:]
    }

    /// Tensors that a fresh tower has beyond its feature layer, so that the checkpoint is complete.
    private static func freshRest(
        _ scope: WeightScope, _ configuration: LlavaConfiguration, _ tower: VisionConfiguration
    ) throws -> [UnusedTensor] {
        let tree = scope / "model" / "vision_tower"
        let blocks = try (configuration.usedVisionLayers..<tower.layers).map {
            try VisionBlock(tree / "encoder" / "layers" / $0, tower)
        }
        let last = try LayerNorm(tree / "post_layernorm", size: tower.hidden, epsilon: tower.normEpsilon)
        return (blocks.flatMap(\.parameters) + last.parameters).map { parameter in
            UnusedTensor(name: parameter.name, shape: parameter.shape) { try parameter.stored().values }
        }
    }

    /// Writes the checkpoint with its tokenizer into a folder that is there.
    ///
    /// - Throws: `FilesError`
    public func write(into folder: URL, type: ElementType = .float32, shardBytes: Int = 5_000_000_000) throws
    {
        try model.write(into: folder, type: type, shardBytes: shardBytes, tokenizer: tokenizer)
        if let changedTokenizer {
            try AtomicOutput.writeAtomically(
                changedTokenizer, to: folder.appendingPathComponent("tokenizer.json"))
            try model.writeProcessorFiles(into: folder, of: tokenizer)
        }
    }
}

extension VisionConfiguration {
    /// Reads `config.json` of a tower, of SigLIP or CLIP with both towers, or of a LLaVA model.
    init(folder: URL) throws {
        let fields = try JSONField(folder.appendingPathComponent("config.json"))
        try self.init(try fields.optional("vision_config") ?? fields)
    }
}

/// A source for each part.
private final class AssembledWeights: WeightSource {
    var projector: any WeightSource
    var vision, language: (any WeightSource)?

    init(projector: any WeightSource) { self.projector = projector }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        let source: (any WeightSource)? =
            switch ModelPart(name: name) {
            case .vision: vision
            case .language: language
            case .projector: projector
            }
        guard let source else { throw ModelsError.noVision }
        return try source.tensor(name, shape: shape)
    }
}

/// A language model's checkpoint of which some layers are taken, and whose embedding table and head get more
/// rows; the new ones are the mean of the old.
private final class GrownVocabulary: WeightSource {
    private let checkpoint: Checkpoint
    private let rows: Int
    private let layers: [Int]

    /// - Parameters:
    ///   - rows: of the stored embedding table
    ///   - layers: the stored layer that each layer is
    init(_ checkpoint: Checkpoint, rows: Int, layers: [Int]) {
        (self.checkpoint, self.rows, self.layers) = (checkpoint, rows, layers)
    }

    func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        let prefix = CheckpointNames.language + "layers."
        if name.hasPrefix(prefix), let dot = name.dropFirst(prefix.count).firstIndex(of: "."),
            let layer = Int(name.dropFirst(prefix.count)[..<dot]), layers.indices.contains(layer)
        {
            return try checkpoint.tensor("\(prefix)\(layers[layer])\(name[dot...])", shape: shape)
        }
        let hasVocabulary =
            name == CheckpointNames.head || name == CheckpointNames.embeddings
        guard hasVocabulary, shape[0] > rows else { return try checkpoint.tensor(name, shape: shape) }
        let stored = try checkpoint.tensor(name, shape: [rows, shape[1]])
        let tensor = Tensor(uninitialized: shape)
        tensor.pointer.update(from: stored.pointer, count: stored.count)
        let mean = (0..<shape[1]).map { column in
            Float((0..<rows).reduce(0.0) { $0 + Double(stored[$1, column]) } / Double(rows))
        }
        for row in rows..<shape[0] { (tensor.pointer + row * shape[1]).update(from: mean, count: mean.count) }
        return tensor
    }
}
