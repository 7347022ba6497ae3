import Files
import Foundation
import Models
import Shards
import Text

extension ShardDataset {
    /// Fails unless a model speaks these shards' tokens and sees their images; a model folder without a tokenizer is taken at its word.
    ///
    /// - Throws: `ShardsError.mismatch` naming the field; `TextError` for a broken tokenizer
    public func require(_ model: LlavaModel, folder: URL) throws {
        let tokenizer = folder.appendingPathComponent("tokenizer.json")
        let digest = FileManager.default.fileExists(atPath: tokenizer.path)
            ? Digest.sha256(try Tokenizer(contentsOf: tokenizer).identityBytes) : nil
        try require(
            tokenizer: digest, imageSize: model.imageProcessor?.size, visualTokens: model.hasVision ? model.visualTokensPerImage : nil)
    }
}
