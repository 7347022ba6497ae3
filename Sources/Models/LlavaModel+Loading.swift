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
    ///   - trainable: weights that require a gradient
    ///   - precision: of matrix products; bf16 where the processor has it keeps frozen matrices in half the
    ///     memory
    ///   - mapped: whether frozen matrices that the files have in bf16 are read there also where products are
    ///     in fp32: the same results without a copy
    /// - Throws: `ModelsError`, `FilesError` or `ImageError`, naming the file and the tensor or field;
    ///   `SettingProblem` for trainable layers that the model has not
    public convenience init(
        folder: URL, trainable: TrainedWeights = [], precision: Precision = .fp32, mapped: Bool = false
    ) throws {
        var configuration = try LlavaConfiguration(folder: folder)
        let checkpoint = try Checkpoint(folder: folder)
        try checkpoint.believeHead(&configuration.text)
        try self.init(
            configuration,
            WeightScope(checkpoint, trainable: trainable, precision: precision, mapped: mapped),
            imageProcessor: configuration.imageProcessor(folder: folder),
            folder: folder,
            unusedVision: { checkpoint.unusedVision },
            notices: checkpoint.notices + configuration.text.notices(of: folder))
        try checkpoint.refuseRest(
            of: Set(ModelPart.allCases), tiedHead: configuration.text.tiedEmbeddings,
            vision: configuration.vision)
    }
}
