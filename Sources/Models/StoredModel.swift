import Files
import Foundation
import Images
import Tensors

/// A weight on its way to a file.
struct StoredWeight {
    let name: String  // canonical
    let shape: [Int]
    /// How its source stores it.
    let type: ElementType
    let write: (ElementType, any ByteSink) throws -> Void
}

/// A checkpoint as it is written: what a model has, without the model. Weights go from their source to the
/// file one after the other.
struct StoredModel {
    let configuration: LlavaConfiguration
    let weights: [StoredWeight]
    let imageProcessor: ImageProcessor?
    /// The folder it comes from: its generation settings go with it.
    let folder: URL?

    /// How the language model's weights are stored unless told otherwise.
    var type: StoredType {
        weights.first { $0.name == CheckpointNames.embeddings }.flatMap { StoredType($0.type) } ?? .f32
    }

    /// Writes the files into a folder that is there; see `LlavaModel.write`.
    func write(
        into folder: URL, type: StoredType?, shardBytes: Int, tokenizer: URL?, endOfSequenceIDs ends: [Int32]
    ) throws {
        func put(_ bytes: [UInt8], _ name: String) throws {
            try AtomicOutput.writeAtomically(bytes, to: folder.appendingPathComponent(name))
        }
        let stored = (type ?? self.type).configurationName
        try put(configuration.written(storedType: stored).configurationFile, "config.json")
        try writeWeights(into: folder, type: type?.elementType, shardBytes: shardBytes)
        if let imageProcessor {
            try put(JSONValue.object(imageProcessor.settings).configurationFile, "preprocessor_config.json")
        }
        try put(generation(ends).configurationFile, "generation_config.json")
        guard let source = tokenizer ?? self.folder else { return }
        for name in LlavaModel.companions {
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

    /// Fields of `generation_config.json` by which transformers would draw answers, or penalise words, though
    /// nothing here does and nothing was trained so.
    private static let sampling = [
        "do_sample", "temperature", "top_p", "top_k", "min_p", "typical_p", "repetition_penalty",
        "no_repeat_ngram_size", "num_beams",
    ]

    /// `generation_config.json`: what the model came with, but for how answers are drawn, and all ids that
    /// end a text.
    private func generation(_ more: [Int32]) throws -> JSONValue {
        var object = JSONObject()
        if let file = folder?.appendingPathComponent("generation_config.json"),
            FileManager.default.fileExists(atPath: file.path)
        {
            let own = try JSONField(file).object()
            object = JSONObject(own.members.filter { !Self.sampling.contains($0.name) })
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

    private func writeWeights(into folder: URL, type: ElementType?, shardBytes: Int) throws {
        func bytes(_ weight: StoredWeight) -> Int {
            (type ?? weight.type).byteCount(shape: weight.shape) ?? 0
        }
        var shards: [[StoredWeight]] = [[]]
        var filled = 0
        for weight in weights {
            if filled + bytes(weight) > shardBytes, filled > 0 {
                shards.append([])
                filled = 0
            }
            shards[shards.count - 1].append(weight)
            filled += bytes(weight)
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
            for weight in shard {
                let written = CheckpointNames.written(weight.name, vision: configuration.vision?.family)
                let type = type ?? weight.type
                writer.add(written, type, shape: weight.shape) { try weight.write(type, $0) }
                map.append(written, .string(name))
            }
            try writer.write(to: folder.appendingPathComponent(name))
        }
        guard shards.count > 1 else { return try CheckpointFiles.removeOthers(than: names, in: folder) }
        let total = weights.reduce(0) { $0 + bytes($1) }
        let index = JSONValue.object(["metadata": ["total_size": .int(total)], "weight_map": .object(map)])
        try AtomicOutput.writeAtomically(
            index.configurationFile, to: folder.appendingPathComponent(CheckpointFiles.indexName))
        names.insert(CheckpointFiles.indexName)
        try CheckpointFiles.removeOthers(than: names, in: folder)
    }
}
