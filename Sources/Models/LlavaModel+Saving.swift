import Files
import Foundation

extension LlavaModel {
    /// Files that belong to a tokenizer or a conversation and go with a checkpoint unchanged.
    static let companions = [
        "tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "tokenizer.model", "chat_template.jinja", "chat_template.json", "conversation.json",
    ]

    /// Writes a Hugging Face checkpoint that transformers 4 and 5 load; the folder appears whole or not at
    /// all.
    ///
    /// - Parameters:
    ///   - type: how weights are stored; nil for the way in which those were that the model was read from,
    ///     each its own
    ///   - shardBytes: the most bytes of weights in a file
    ///   - tokenizer: where the tokenizer's files are; nil for the folder the model was read from
    ///   - replacing: whether a folder that is there may be replaced
    /// - Throws: `FilesError`
    public func save(
        to folder: URL, type: StoredType? = nil, shardBytes: Int = 5_000_000_000, tokenizer: URL? = nil,
        replacing: Bool = false
    ) throws {
        try AtomicOutput.folder(at: folder, replacing: replacing) {
            try write(into: $0, type: type, shardBytes: shardBytes, tokenizer: tokenizer)
        }
    }

    /// Writes the files of a checkpoint into a folder that is there; see `save`.
    ///
    /// - Parameter ends: ids that end what the model was trained to say, besides those it came with
    /// - Returns: how the language model's weights are stored
    @discardableResult
    public func write(
        into folder: URL, type: StoredType? = nil, shardBytes: Int = 5_000_000_000, tokenizer: URL? = nil,
        endOfSequenceIDs ends: [Int32] = []
    ) throws -> StoredType {
        let weights = parameters().map { parameter in
            StoredWeight(name: parameter.name, shape: parameter.shape, type: parameter.type) { type, sink in
                let values = try parameter.stored()
                if !values.sumOfSquares.isFinite,
                    let index = values.values.firstIndex(where: { !$0.isFinite })
                {
                    throw ModelsError.notFinite(
                        file: folder.path, tensor: parameter.name, index: index, value: values.pointer[index])
                }
                try values.write(as: type, to: sink)
            }
        }
        let stored = StoredModel(
            configuration: configuration, weights: weights + unusedVision, imageProcessor: imageProcessor,
            folder: self.folder)
        try stored.write(
            into: folder, type: type, shardBytes: shardBytes, tokenizer: tokenizer, endOfSequenceIDs: ends)
        return type ?? stored.type
    }
}

extension LlavaModel {
    /// The token that stands for a visual token in texts, by the tokenizer.json of a folder; nil where there
    /// is none.
    ///
    /// - Throws: `ModelsError`, `FilesError` for a tokenizer that is broken
    public func imageToken(in folder: URL) throws -> String? {
        let file = folder.appendingPathComponent("tokenizer.json")
        guard hasVision, FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try TokenizerFile(file).token(of: Int(configuration.imageTokenID))
    }
}
