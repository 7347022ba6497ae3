import Files
import Foundation
import Models
import Shards
import Text

extension ShardDataset {
    /// Fails unless a model speaks these shards' tokens and sees their images, as the files beside its
    /// weights say; the weights are not looked at. A folder without a tokenizer is taken at its word.
    ///
    /// - Throws: `ShardsError.mismatch` naming the field, `.otherTokenizer`; `TextError` for a broken
    ///   tokenizer; `ModelsError`, `FilesError` for a folder that is no model's
    public func require(modelIn folder: URL) throws {
        let configuration = try LlavaConfiguration(folder: folder)
        try require(configuration, folder: folder)
        guard let processor = try configuration.imageProcessor(folder: folder) else { return }
        // Mean and deviation are applied by each model to the shared pixels; the pad colour is in them.
        let packed = description.imageProcessor
        let index = indexPath
        for (field, found, expected) in [
            ("size", "\(packed.size)", "\(processor.size)"),
            ("aspect", packed.aspect.rawValue, processor.aspect.rawValue),
            (
                "mean", "\(packed.padColour)",
                packed.aspect == .pad ? "\(processor.padColour)" : "\(packed.padColour)"
            ),
        ] where found != expected {
            throw ShardsError.mismatch(
                path: index, field: "image_processor.\(field)", found: found,
                expected: "\(expected), as \(folder.path) says")
        }
    }

    /// The ids that end a response: the shards' end token, and what the model itself ends at.
    ///
    /// - Throws: `DistillationError.noEndOfSequence` where there is none; `TextError` for a broken tokenizer
    public func endOfSequenceIDs(_ configuration: LlavaConfiguration, folder: URL) throws -> Set<Int32> {
        var ids = Set(configuration.text.endOfSequenceIDs)
        let file = folder.appendingPathComponent("tokenizer.json")
        if FileManager.default.fileExists(atPath: file.path),
            let end = try Tokenizer(contentsOf: file).addedID(of: description.endToken)
        {
            ids.insert(end)
        }
        guard !ids.isEmpty else {
            throw DistillationError.noEndOfSequence(folder: folder.path, token: description.endToken)
        }
        return ids
    }

    /// The same but for how images are prepared.
    public func require(_ configuration: LlavaConfiguration, folder: URL) throws {
        let rule = description.labelRule
        guard rule == ShardFormat.labelRule else {
            throw ShardsError.mismatch(
                path: indexPath, field: "label_rule",
                found: "\(rule)",
                expected: "\(ShardFormat.labelRule)")
        }
        let positions = configuration.text.maximumPositions
        guard description.maximumLength <= positions else {
            throw ShardsError.mismatch(
                path: indexPath, field: "maximum_length",
                found: "\(description.maximumLength)",
                expected: "at most \(positions), the max_position_embeddings in \(folder.path)/config.json")
        }
        let tokenizer = folder.appendingPathComponent("tokenizer.json")
        let digest =
            FileManager.default.fileExists(atPath: tokenizer.path)
            ? Digest.sha256(try Tokenizer(contentsOf: tokenizer).identityBytes) : nil
        if let digest, digest != description.tokenizer {
            throw ShardsError.otherTokenizer(
                path: indexPath,
                found: description.tokenizer, expected: digest, model: folder.path)
        }
        try require(
            imageSize: configuration.vision?.imageSize,
            visualTokens: configuration.vision == nil ? nil : configuration.visualTokensPerImage)
    }
}
