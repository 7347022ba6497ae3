import Autograd
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
    ///   - type: how weights are stored: F32, BF16 or F16
    ///   - shardBytes: the most bytes of weights in a file
    ///   - tokenizer: where the tokenizer's files are; nil for the folder the model was read from
    ///   - replacing: whether a folder that is there may be replaced
    /// - Throws: `FilesError`
    public func save(
        to folder: URL, type: ElementType = .float32, shardBytes: Int = 5_000_000_000, tokenizer: URL? = nil,
        replacing: Bool = false
    ) throws {
        try AtomicOutput.folder(at: folder, replacing: replacing) {
            try write(into: $0, type: type, shardBytes: shardBytes, tokenizer: tokenizer)
        }
    }

    /// Writes the files of a checkpoint into a folder that is there; see `save`.
    ///
    /// - Parameter ends: ids that end what the model was trained to say, besides those it came with
    public func write(
        into folder: URL, type: ElementType = .float32, shardBytes: Int = 5_000_000_000,
        tokenizer: URL? = nil, endOfSequenceIDs ends: [Int32] = []
    ) throws {
        precondition(
            [.float32, .bfloat16, .float16].contains(type),
            "save: weights cannot be stored as \(type.rawValue)")
        func put(_ bytes: [UInt8], _ name: String) throws {
            try AtomicOutput.writeAtomically(bytes, to: folder.appendingPathComponent(name))
        }
        let storedType =
            [ElementType.float32: "float32", .bfloat16: "bfloat16", .float16: "float16"][type] ?? "float32"
        try put(configuration.written(storedType: storedType).configurationFile, "config.json")
        try writeWeights(into: folder, type: type, shardBytes: shardBytes)
        if let imageProcessor {
            try put(JSONValue.object(imageProcessor.settings).configurationFile, "preprocessor_config.json")
        }
        try put(generation(ends).configurationFile, "generation_config.json")
        guard let source = tokenizer ?? self.folder else { return }
        for name in Self.companions {
            let file = source.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            try put(InputBytes.read(file), name)
        }
        try writeProcessorFiles(into: folder, of: source)
    }

    /// Writes what goes with the tokenizer.json that is in a checkpoint's folder.
    ///
    /// - Parameter source: where its `tokenizer_config.json` is, if there is one
    func writeProcessorFiles(into folder: URL, of source: URL) throws {
        let words = folder.appendingPathComponent("tokenizer.json")
        guard FileManager.default.fileExists(atPath: words.path) else { return }
        let files = try ProcessorFiles(
            configuration, words: TokenizerFile(words),
            settings: source.appendingPathComponent("tokenizer_config.json"))
        for (name, value) in files.files {
            try AtomicOutput.writeAtomically(
                value.configurationFile, to: folder.appendingPathComponent(name))
        }
    }

    /// `generation_config.json`: what the model came with, and all ids that end a text.
    private func generation(_ more: [Int32]) throws -> JSONValue {
        var object = JSONObject()
        if let file = folder?.appendingPathComponent("generation_config.json"),
            FileManager.default.fileExists(atPath: file.path)
        {
            object = try JSONField(file).object()
        }
        let text = configuration.text
        let ends = text.endOfSequenceIDs + more.filter { !text.endOfSequenceIDs.contains($0) }
        if object["bos_token_id"] == nil { object["bos_token_id"] = text.startId.map { .int(Int($0)) } }
        if object["pad_token_id"] == nil { object["pad_token_id"] = text.paddingId.map { .int(Int($0)) } }
        if let first = ends.first {
            object["eos_token_id"] =
                ends.count == 1 ? .int(Int(first)) : .array(ends.map { .int(Int($0)) })
        }
        return .object(object)
    }

    private struct Item {
        let name: String
        let shape: [Int]
        let byteCount: Int
        let write: (any ByteSink) throws -> Void
    }

    private func items(_ type: ElementType) -> [Item] {
        func item(_ name: String, _ shape: [Int], _ write: @escaping (any ByteSink) throws -> Void) -> Item {
            Item(
                name: CheckpointNames.written(name, vision: configuration.vision?.family), shape: shape,
                byteCount: type.byteCount(shape: shape) ?? 0,
                write: write)
        }
        return parameters().map { parameter in
            item(parameter.name, parameter.shape) { sink in
                let data = try parameter.stored()
                try SafeTensorsWriter.write(
                    UnsafeBufferPointer(start: data.pointer, count: data.count), as: type, to: sink)
            }
        }
            + unusedVision.map { tensor in
                item(tensor.name, tensor.shape) { sink in
                    try tensor.values().withUnsafeBufferPointer {
                        try SafeTensorsWriter.write($0, as: type, to: sink)
                    }
                }
            }
    }

    private func writeWeights(into folder: URL, type: ElementType, shardBytes: Int) throws {
        var shards: [[Item]] = [[]]
        var filled = 0
        for item in items(type) {
            if filled + item.byteCount > shardBytes, filled > 0 {
                shards.append([])
                filled = 0
            }
            shards[shards.count - 1].append(item)
            filled += item.byteCount
        }
        func number(_ value: Int) -> String {
            String(repeating: "0", count: max(0, 5 - "\(value)".count)) + "\(value)"
        }
        var map = JSONObject()
        var names: Set<String> = []
        for (index, shard) in shards.enumerated() {
            let name =
                shards.count == 1
                ? CheckpointFiles.singleName
                : "model-\(number(index + 1))-of-\(number(shards.count)).safetensors"
            names.insert(name)
            var writer = SafeTensorsWriter(metadata: ["format": "pt"])
            for item in shard {
                writer.add(item.name, type, shape: item.shape, write: item.write)
                map.append(item.name, .string(name))
            }
            try writer.write(to: folder.appendingPathComponent(name))
        }
        guard shards.count > 1 else { return try CheckpointFiles.removeOthers(than: names, in: folder) }
        let total = shards.joined().reduce(0) { $0 + $1.byteCount }
        let index = JSONValue.object(["metadata": ["total_size": .int(total)], "weight_map": .object(map)])
        try AtomicOutput.writeAtomically(
            index.configurationFile, to: folder.appendingPathComponent(CheckpointFiles.indexName))
        names.insert(CheckpointFiles.indexName)
        try CheckpointFiles.removeOthers(than: names, in: folder)
    }
}
