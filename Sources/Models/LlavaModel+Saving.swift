import Autograd
import Files
import Foundation

extension LlavaModel {
    /// Files that belong to a tokenizer or a processor and go with a checkpoint unchanged.
    static let companions = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt",
        "tokenizer.model", "chat_template.jinja", "chat_template.json", "processor_config.json",
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
    public func write(
        into folder: URL, type: ElementType = .float32, shardBytes: Int = 5_000_000_000, tokenizer: URL? = nil
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
        if let imageProcessor { try put(Array(imageProcessor.configuration()), "preprocessor_config.json") }
        let settings = self.folder?.appendingPathComponent("generation_config.json")
        if let settings, FileManager.default.fileExists(atPath: settings.path) {
            try put(InputBytes.read(settings), "generation_config.json")
        } else {
            try put(configuration.text.generation.configurationFile, "generation_config.json")
        }
        guard let source = tokenizer ?? self.folder else { return }
        for name in Self.companions {
            let file = source.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            try put(InputBytes.read(file), name)
        }
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
                name: CheckpointNames.written(name, withVision: hasVision), shape: shape,
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
        for (index, shard) in shards.enumerated() {
            let name =
                shards.count == 1
                ? "model.safetensors" : "model-\(number(index + 1))-of-\(number(shards.count)).safetensors"
            var writer = SafeTensorsWriter(metadata: ["format": "pt"])
            for item in shard {
                writer.add(item.name, type, shape: item.shape, write: item.write)
                map.append(item.name, .string(name))
            }
            try writer.write(to: folder.appendingPathComponent(name))
        }
        guard shards.count > 1 else { return }
        let total = shards.joined().reduce(0) { $0 + $1.byteCount }
        let index = JSONValue.object(["metadata": ["total_size": .int(total)], "weight_map": .object(map)])
        try AtomicOutput.writeAtomically(
            index.configurationFile, to: folder.appendingPathComponent("model.safetensors.index.json"))
    }
}

extension TextConfiguration {
    /// `generation_config.json`: which ids start and end a text.
    var generation: JSONValue {
        var object = JSONObject()
        if let startId { object["bos_token_id"] = .int(Int(startId)) }
        if let first = endOfSequenceIDs.first {
            object["eos_token_id"] =
                endOfSequenceIDs.count == 1
                ? .int(Int(first)) : .array(endOfSequenceIDs.map { .int(Int($0)) })
        }
        if let paddingId { object["pad_token_id"] = .int(Int(paddingId)) }
        return .object(object)
    }
}
