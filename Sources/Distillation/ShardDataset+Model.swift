import Files
import Foundation
import Images
import Models
import Shards
import Text

extension ShardDataset {
    /// Fails unless a model speaks these shards' tokens and sees their images, as the files beside its
    /// weights say; the weights are not looked at. A folder without a tokenizer is taken at its word.
    ///
    /// - Throws: `ShardsError.mismatch` naming the field, `.otherPictures`, `.otherTokenizer`; `TextError`
    ///   for a broken tokenizer; `ModelsError`, `FilesError` for a folder that is no model's
    public func require(modelIn folder: URL) throws {
        let configuration = try LlavaConfiguration(folder: folder)
        if let expected = try configuration.imageProcessor(folder: folder) {
            try requirePictures(as: expected, folder: folder)
        }
        try require(configuration, folder: folder)
    }

    /// All that differs at once, so that the data are packed anew once.
    private func requirePictures(as expected: ImageProcessor, folder: URL) throws {
        let packed = description.imageProcessor
        var differences: [ShardsError.PictureDifference] = []
        func compare(_ field: String, setting: String, _ found: String, _ expected: String) {
            guard found != expected else { return }
            differences.append(
                .init(field: field, setting: setting, found: found, expected: expected))
        }
        compare("size", setting: "size", "\(packed.size)", "\(expected.size)")
        compare("aspect", setting: "aspect", packed.aspect.rawValue, expected.aspect.rawValue)
        if expected.aspect == .clip {
            compare(
                "shortest_edge", setting: "shortest_edge", "\(packed.shortestEdge ?? packed.size)",
                "\(expected.shortestEdge ?? expected.size)")
        }
        // Mean and deviation are applied by each model to the shared pixels; the pad colour is in them.
        if expected.aspect == .pad, packed.padColour != expected.padColour {
            compare("kind", setting: "processor", packed.kind.rawValue, expected.kind.rawValue)
            compare("mean", setting: "mean", "\(packed.mean)", "\(expected.mean)")
        }
        guard differences.isEmpty else {
            throw ShardsError.otherPictures(path: indexPath, differences: differences, model: folder.path)
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
