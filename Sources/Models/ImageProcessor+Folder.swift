import Files
import Foundation
import Images

extension ImageProcessor {
    /// The settings in a model's folder: `preprocessor_config.json`, or those that transformers 5 nests in
    /// `processor_config.json`; the tower's published ones where the folder has neither.
    ///
    /// - Parameters:
    ///   - model: the members of `config.json`; LLaVA keeps `image_aspect_ratio` there
    /// - Throws: `FilesError.badField`, also where the two files say different things
    package init(folder: URL?, model: JSONObject, tower: VisionConfiguration) throws {
        let kind: Kind =
            switch tower.family {
            case .siglip: .siglip
            case .clip: .clip
            case .dinov2: .dinov2
            }
        let config = folder?.appendingPathComponent("config.json").path ?? "config.json"
        let aspect: Aspect? = try JSONField(file: config, value: .object(model))
            .optional("image_aspect_ratio")?.choice()
        let found = try folder.map { try Self.fields(in: $0) } ?? []
        guard let first = found.first else {
            try self.init(kind: kind, size: tower.imageSize, aspect: aspect)
            return
        }
        try self.init(first, aspect: aspect, padding: kind)
        if let second = found.dropFirst().first,
            case let other = try ImageProcessor(
                second, aspect: aspect, padding: kind), other != self
        {
            throw FilesError.badField(
                place: second.file, field: "image_processor", found: "other settings",
                expected: "those of \(first.file); remove the one that the tower was not trained with")
        }
    }

    /// The objects with settings, one a file that is there.
    private static func fields(in folder: URL) throws -> [JSONField] {
        var found: [JSONField] = []
        let own = folder.appendingPathComponent("preprocessor_config.json")
        if FileManager.default.fileExists(atPath: own.path) { found.append(try JSONField(own)) }
        let processor = folder.appendingPathComponent("processor_config.json")
        if FileManager.default.fileExists(atPath: processor.path),
            let nested = try JSONField(processor).optional("image_processor")
        {
            found.append(nested)
        }
        return found
    }
}

extension LlavaConfiguration {
    /// How the model of this configuration has its pictures prepared; nil without a tower.
    ///
    /// - Throws: as `ImageProcessor`
    package func imageProcessor(folder: URL?) throws -> ImageProcessor? {
        try vision.map { try ImageProcessor(folder: folder, model: source, tower: $0) }
    }
}
