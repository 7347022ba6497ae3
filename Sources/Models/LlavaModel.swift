import Autograd
import Foundation
import Images
import Tensors

/// A vision tower, a projector and a language model; or a language model alone.
public final class LlavaModel {
    public let configuration: LlavaConfiguration
    public let language: LanguageModel
    /// How pixels are prepared for the tower; nil without vision.
    public let imageProcessor: ImageProcessor?
    let vision: VisionTower?
    let projector: Projector?
    /// Parts that a rewritten checkpoint keeps of the one this model was read from.
    let unusedVision: [StoredWeight]
    /// The folder the model was read from: its tokenizer and generation settings go with it.
    public let folder: URL?
    /// Precision of the matrix products, as this processor does them.
    public let precision: Precision
    /// What a user should know about the files it was read from: whole sentences.
    public let notices: [String]

    init(
        _ configuration: LlavaConfiguration, _ weights: WeightScope, imageProcessor: ImageProcessor?,
        folder: URL? = nil,
        unusedVision: () throws -> [StoredWeight] = { [] }, notices: [String] = []
    ) throws {
        try weights.trainable.check(for: configuration.text)
        (self.configuration, self.notices) = (configuration, notices)
        self.folder = folder
        precision = weights.precision
        self.imageProcessor = imageProcessor
        language = try LanguageModel(weights, configuration.text)
        let tree = weights / "model"
        vision = try configuration.vision.map {
            try VisionTower(
                tree / "vision_tower", $0, layers: configuration.usedVisionLayers,
                dropsFirst: configuration.featureSelection == .patches)
        }
        projector = try configuration.vision.map {
            try Projector(tree / "multi_modal_projector", configuration, features: $0.hidden)
        }
        self.unusedVision = try unusedVision()
    }

    public var hasVision: Bool { vision != nil }
    /// Visual tokens an image becomes; 0 without vision.
    public var visualTokensPerImage: Int { configuration.visualTokensPerImage }

    /// The weights of some parts in a fixed order: tower, projector, language model.
    public func parameters(of parts: Set<ModelPart> = Set(ModelPart.allCases)) -> [Parameter] {
        (parts.contains(.vision) ? vision?.parameters ?? [] : [])
            + (parts.contains(.projector) ? projector?.parameters ?? [] : [])
            + (parts.contains(.language) ? language.parameters : [])
    }

    /// Normalises prepared pictures into rows of patches.
    ///
    /// - Parameter pixels: `[images, size, size, 3]`, as `ImageProcessor.process` makes them
    /// - Returns: `[images * patches, 3 * patch * patch]`
    /// - Throws: `ModelsError.imageSize`, `.noVision`
    public func patches(pixels: [UInt8]) throws -> Tensor {
        guard let vision = configuration.vision, let imageProcessor else { throw ModelsError.noVision }
        let samples = imageProcessor.samples
        guard pixels.count % samples == 0 else {
            throw ModelsError.imageSize(found: [pixels.count], expected: imageProcessor.size)
        }
        let images = pixels.count / samples
        let rows = Tensor(uninitialized: [images * vision.patches, vision.patchWidth])
        pixels.withUnsafeBufferPointer { buffer in
            guard let source = buffer.baseAddress else { return }
            nonisolated(unsafe) let start = source
            parallelTasks(images) {
                imageProcessor.normalise(
                    start + $0 * samples, patch: vision.patchSize,
                    into: rows.pointer + $0 * vision.patches * vision.patchWidth)
            }
        }
        return rows
    }

    /// Cuts normalised images into rows of patches.
    ///
    /// - Parameter planes: `[images, 3, size, size]`
    /// - Returns: `[images * patches, 3 * patch * patch]`
    /// - Throws: `ModelsError.imageSize`, `.noVision`
    public func patches(planes: Tensor) throws -> Tensor {
        guard let vision = configuration.vision else { throw ModelsError.noVision }
        let (size, patch) = (vision.imageSize, vision.patchSize)
        guard planes.shape.count == 4, Array(planes.shape[1...]) == [3, size, size] else {
            throw ModelsError.imageSize(found: planes.shape, expected: size)
        }
        let rows = Tensor(uninitialized: [planes.shape[0] * vision.patches, vision.patchWidth])
        let side = size / patch
        var target = rows.pointer
        for image in 0..<planes.shape[0] {
            for top in 0..<side {
                for left in 0..<side {
                    for channel in 0..<3 {
                        let plane = planes.pointer + (image * 3 + channel) * size * size + left * patch
                        for row in top * patch..<(top + 1) * patch {
                            target.update(from: plane + row * size, count: patch)
                            target += patch
                        }
                    }
                }
            }
        }
        return rows
    }

    /// Runs the tower up to the feature layer. With a frozen tower the result is a constant that may be
    /// cached.
    ///
    /// - Parameter patches: `[images * patches, 3 * patch * patch]`
    /// - Returns: `[images * visualTokensPerImage, features]`
    /// - Throws: `ModelsError.noVision`
    public func visionFeatures(patches: Tensor) throws -> Value {
        guard let vision else { throw ModelsError.noVision }
        let rows = vision.configuration.patches
        precondition(
            patches.rows % rows == 0 && patches.width == vision.configuration.patchWidth,
            "visionFeatures: patches \(patches.shape), an image has [\(rows), "
                + "\(vision.configuration.patchWidth)]"
        )
        // A few images at a time: nothing of one is needed for another, and activations are large.
        let step = rows * 8
        let parts = stride(from: 0, to: patches.rows, by: step).map {
            vision(Value(patches.rows($0..<min(patches.rows, $0 + step))))
        }
        switch parts.count {
        case 0: return Value(Tensor(uninitialized: [0, vision.configuration.hidden]))
        case 1: return parts[0]
        default: return concatenateRows(parts)
        }
    }

    /// Projects features to token embeddings.
    ///
    /// - Parameter features: `[rows, features]`
    /// - Returns: `[rows, hidden]`
    /// - Throws: `ModelsError.noVision`
    public func project(_ features: Value) throws -> Value {
        guard let projector else { throw ModelsError.noVision }
        return projector(features)
    }

    /// Prepared pictures to token embeddings, `[images * visualTokensPerImage, hidden]`.
    public func visualTokens(pixels: [UInt8]) throws -> Value {
        try project(visionFeatures(patches: patches(pixels: pixels)))
    }

    /// Normalised images `[images, 3, size, size]` to token embeddings, `[images * visualTokensPerImage,
    /// hidden]`.
    public func visualTokens(planes: Tensor) throws -> Value {
        try project(visionFeatures(patches: patches(planes: planes)))
    }

    /// Embeds a text whose visual placeholders (the image token id, or -200) are replaced by visual tokens,
    /// in order.
    ///
    /// - Parameters:
    ///   - ids: one placeholder a visual token
    ///   - visual: `[placeholders, hidden]`
    /// - Returns: `[ids.count, hidden]`
    /// - Throws: `ModelsError.placeholders`, `.idOutOfRange`
    public func embed(ids: [Int32], visual: Value? = nil) throws -> Value {
        let places = ids.indices.filter { isPlaceholder(ids[$0]) }.map { Int32($0) }
        guard places.count == visual?.rows ?? 0 else {
            throw ModelsError.placeholders(found: places.count, expected: visual?.rows ?? 0)
        }
        let vocabulary = language.vocabularySize
        let text = try ids.enumerated().map { position, id in
            if isPlaceholder(id) { return Int32(0) }
            guard id >= 0, Int(id) < vocabulary else {
                throw ModelsError.idOutOfRange(id: Int(id), position: position, vocabulary: vocabulary)
            }
            return id
        }
        let embedded = language.embed(text)
        return visual.map { places.isEmpty ? embedded : replaceRows(embedded, at: places, with: $0) }
            ?? embedded
    }

    private func isPlaceholder(_ id: Int32) -> Bool {
        hasVision && (id == configuration.imageTokenID || id == LlavaConfiguration.imageTokenIndex)
    }
}
