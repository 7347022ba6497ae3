import Files
import Foundation
import Images
import Tensors

extension LlavaModel {
    /// Reads a checkpoint: `config.json`, weights (F32, BF16 or F16, one file or shards),
    /// `preprocessor_config.json`.
    ///
    /// - Parameters:
    ///   - folder: a Hugging Face folder of a LLaVA model, or of a language model alone
    ///   - trainable: parts whose weights require a gradient
    ///   - precision: of matrix products; bf16 where the processor has it keeps frozen matrices in half the
    ///     memory
    /// - Throws: `ModelsError`, `FilesError` or `ImageError`, naming the file and the tensor or field
    public convenience init(
        folder: URL, trainable: Set<ModelPart> = [], precision: Precision = .fp32
    ) throws {
        let configuration = try LlavaConfiguration(folder: folder)
        let checkpoint = try Checkpoint(folder: folder)
        try self.init(
            configuration, WeightScope(checkpoint, trainable: trainable, precision: precision),
            imageProcessor: configuration.vision.map { try Self.imageProcessor(folder, configuration, $0) },
            folder: folder,
            unusedVision: { checkpoint.unusedVision })
        try checkpoint.refuseRest(
            of: Set(ModelPart.allCases), tiedHead: configuration.text.tiedEmbeddings,
            vision: configuration.vision)
    }

    /// The settings of `preprocessor_config.json`, or the tower's own where there is no such file.
    static func imageProcessor(
        _ folder: URL, _ configuration: LlavaConfiguration, _ vision: VisionConfiguration
    ) throws -> ImageProcessor {
        let top = JSONField(
            file: folder.appendingPathComponent("config.json").path, value: .object(configuration.source))
        let aspect: ImageProcessor.Aspect? = try top.optional("image_aspect_ratio")?.choice()
        let file = folder.appendingPathComponent("preprocessor_config.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            return try ImageProcessor(
                kind: vision.family == .clip ? .clip : .siglip, size: vision.imageSize, aspect: aspect)
        }
        let processor = try ImageProcessor(
            configuration: Data(InputBytes.read(file)), file: file.path, aspect: aspect)
        guard processor.size == vision.imageSize else {
            throw FilesError.badField(
                place: file.path, field: "size", found: "\(processor.size)",
                expected: "config.json's image_size, \(vision.imageSize)")
        }
        return processor
    }
}
