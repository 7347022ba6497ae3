import Files
import Foundation
import Images
import Settings
import Tensors

/// A LLaVA model put together from parts, and the tokenizer that goes with it.
public struct ModelAssembly {
    public let configuration: LlavaConfiguration
    /// What a user should know about the parts: whole sentences.
    public let notices: [String]
    private let imageProcessor: ImageProcessor
    private let weights: AssembledWeights
    private let used: [StoredWeight]  // what the model computes with
    private let unused: [StoredWeight]  // of the tower
    private let folder: URL?  // of the language model
    private let tokenizer: URL
    private let changedTokenizer: [UInt8]?  // tokenizer.json with the placeholder added

    /// Takes a vision tower and a language model, each read from a checkpoint or made from random numbers,
    /// and the projector that came with the language model, or a fresh one. No weights are read yet.
    ///
    /// - Parameters:
    ///   - settings: see `AssemblySettings`; `language` and `vision` count where there is no folder
    ///   - language: a Hugging Face folder of a language model, or of a LLaVA model. A release of LLaVA or
    ///     Align-TI itself (tower apart) becomes a Hugging Face model this way
    ///   - vision: a Hugging Face folder of SigLIP, CLIP or DINOv2 (or of a LLaVA model, whose tower is
    ///     taken); nil for the LLaVA model's own, or a fresh one
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
        guard known == nil || words.isAdded(settings.imageToken) else {
            throw ModelsError.cannotAssemble(
                problem:
                    "'image_token' is '\(settings.imageToken)', a word of the tokenizer: a picture would "
                    + "stand wherever it is written; take a token of its own, such as <image>")
        }
        let imageId = known ?? words.size
        changedTokenizer = known == nil ? try words.adding(settings.imageToken) : nil

        let files = try language.map { try Checkpoint(folder: $0) }
        let source = try language.map { try LlavaSource(folder: $0, settings) }
        let (text, textWeights) = try Self.language(settings, language, files, words, imageId: imageId)
        let tower = try AssembledTower(settings, vision: vision, language: language, files, source)
        let (layer, layers) = (
            settings.featureLayer ?? source?.featureLayer ?? -2, tower.configuration.layers
        )
        guard (-layers - 1...layers).contains(layer) else {
            let isOfFolder = settings.featureLayer == nil && source?.featureLayer != nil
            throw FilesError.badField(
                place: isOfFolder ? language.map { "\($0.path)/config.json" } ?? "" : "recipe",
                field: isOfFolder ? source?.featureLayerField ?? "" : "feature_layer", found: "\(layer)",
                expected: "\(-layers - 1) to \(layers)")
        }
        let keepsProjector =
            settings.keepsProjector ?? (source?.isLlava == true && files?.holds(.projector) == true)
        if keepsProjector {
            try source?.checkProjector(
                features: tower.configuration.hidden, hasTwoLayers: files?.hasTwoLayerProjector ?? false)
            if let width = files?.projectorFeatures, width != tower.configuration.hidden {
                throw ModelsError.cannotAssemble(
                    problem:
                        "the projector of \(language?.path ?? "") takes features of width \(width), and the "
                        + "tower's have \(tower.configuration.hidden): --set keeps_projector=false makes a "
                        + "fresh one")
            }
        }
        var extra = JSONObject()
        if let aspect = settings.imageAspect ?? source?.imageAspect {
            extra["image_aspect_ratio"] = .string(aspect.rawValue)  // where LLaVA keeps it
        }
        configuration = LlavaConfiguration(
            text: text, vision: tower.configuration, imageTokenID: Int32(imageId), featureLayer: layer,
            featureSelection: settings.featureSelection
                ?? source?.featureSelection(of: tower.configuration)
                ?? (tower.configuration.hasClassToken ? .patches : .full),
            projectorActivation: keepsProjector ? source?.projectorActivation ?? .gelu : .gelu,
            projectorBias: keepsProjector ? source?.projectorBias ?? true : true, extra: extra)
        imageProcessor = tower.processor
        folder = language
        var projector: any WeightSource = RandomWeights(seed: settings.seed)
        if keepsProjector {
            guard let files, files.holds(.projector) else {
                throw ModelsError.cannotAssemble(
                    problem: "'keeps_projector' is true, and \(language?.path ?? "") has no projector")
            }
            projector = files
        }
        weights = AssembledWeights(vision: tower.weights, projector: projector, language: textWeights)

        // The model names its weights; what they are comes when they are written.
        let list = WeightList(weights)
        _ = try LlavaModel(configuration, WeightScope(list, trainable: []), imageProcessor: imageProcessor)
        used = list.weights
        unused = try tower.unusedWeights(configuration)
        if settings.keptLayers == nil, settings.layerList == nil {
            try files?.refuseRest(of: [.language], tiedHead: text.tiedEmbeddings)
        }
        if keepsProjector { try files?.refuseRest(of: [.projector], tiedHead: false) }
        notices =
            (files?.notices ?? []) + (source?.notices ?? []) + tower.notices
            + (folder.map(text.notices(of:)) ?? [])
    }

    /// The language model's configuration and weights.
    private static func language(
        _ settings: AssemblySettings, _ folder: URL?, _ files: Checkpoint?, _ words: TokenizerFile,
        imageId: Int
    ) throws -> (TextConfiguration, any WeightSource) {
        guard let folder, let files else {
            let ends = ["<|endoftext|>", "</s>", "<|end_of_text|>"].compactMap { words.id(of: $0) }
            let needed = max(words.size, imageId + 1)
            let text = try settings.language.configuration(
                vocabulary: settings.language.vocabulary ?? needed, endOfSequenceIDs: ends)
            guard text.vocabulary >= needed else {
                throw ModelsError.vocabularyTooSmall(
                    rows: text.vocabulary, needed: needed, tokenizer: words.path)
            }
            return (
                text, RandomWeights(seed: settings.seed, deviation: settings.language.initializerRange)
            )
        }
        var text = try TextConfiguration(folder: folder)
        try text.addEnds(generatingIn: folder)
        try files.believeHead(&text)
        // The placeholder may stand in the first row after the table: that row is added.
        guard text.vocabulary >= words.size(without: settings.imageToken), text.vocabulary >= imageId else {
            throw ModelsError.vocabularyTooSmall(
                rows: text.vocabulary, needed: words.size, tokenizer: words.path)
        }
        let kept = try settings.layers(of: text.layers)
        let weights = GrownVocabulary(files, rows: text.vocabulary, layers: kept)
        text.keep(kept.count)
        text.vocabulary = max(text.vocabulary, imageId + 1)
        return (text, weights)
    }

    /// The model in memory.
    ///
    /// - Throws: `ModelsError`, `FilesError`
    public var model: LlavaModel {
        get throws {
            try LlavaModel(
                configuration, WeightScope(weights, trainable: []), imageProcessor: imageProcessor,
                folder: folder, unusedVision: { unused }, notices: notices)
        }
    }

    /// Numbers that a part is computed with.
    public func parameters(of part: ModelPart) -> Int {
        used.filter { ModelPart(name: $0.name) == part }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    /// Writes the checkpoint with its tokenizer into a folder that is there. Weights of files go there block
    /// by block.
    ///
    /// - Parameter type: how weights are stored; nil for as they are, F32 for fresh ones
    /// - Returns: how the language model's weights are stored
    /// - Throws: `ModelsError` for weights that are not finite, `FilesError`
    @discardableResult
    public func write(into folder: URL, type: StoredType? = nil, shardBytes: Int = 5_000_000_000) throws
        -> StoredType
    {
        let stored = StoredModel(
            configuration: configuration, weights: used + unused, imageProcessor: imageProcessor,
            folder: self.folder)
        try stored.write(
            into: folder, type: type, shardBytes: shardBytes, tokenizer: tokenizer, endOfSequenceIDs: [])
        if let changedTokenizer {
            try AtomicOutput.writeAtomically(
                changedTokenizer, to: folder.appendingPathComponent("tokenizer.json"))
            try stored.writeProcessorFiles(into: folder, of: tokenizer)
        }
        return type ?? stored.type
    }
}
