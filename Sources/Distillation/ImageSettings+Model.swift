import Files
import Foundation
import Models
import Shards

extension ImageSettings.Model {
    /// The LLaVA model in a folder; nil where there is none, such as in that of a language model.
    ///
    /// - Throws: `FilesError`, `ModelsError` for one that cannot be read
    public init?(folder: URL) throws {
        let file = folder.appendingPathComponent("config.json")
        guard FileManager.default.fileExists(atPath: file.path),
            // A language model has none, and a release of LLaVA itself only names its tower.
            try JSONField(parsing: InputBytes.read(file), file: file.path).optional("vision_config") != nil,
            case let configuration = try LlavaConfiguration(folder: folder), let tower = configuration.vision,
            let processor = try configuration.imageProcessor(folder: folder)
        else { return nil }
        self.init(processor, patch: tower.patchSize, tokens: configuration.visualTokensPerImage)
    }
}
