import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct CheckpointTests {
    /// A copy of a fixture's student whose tensors `change` may alter: (name, dtype, shape, bytes), nil to
    /// leave one out.
    static func altered(
        in folder: URL,
        _ change: (TensorEntry, [UInt8]) -> (String, ElementType, [Int], [UInt8])? = {
            ($0.name, $0.dtype, $0.shape, $1)
        },
        more: [(String, [Int])] = []
    ) throws -> URL {
        let source = try #require(Fixtures.cases("models").first { $0.lastPathComponent == "qwen3_siglip" })
            .appendingPathComponent("student")
        let file = try SafeTensorsFile(source.appendingPathComponent("model.safetensors"))
        var writer = SafeTensorsWriter()
        for entry in file.entries {
            guard let (name, dtype, shape, bytes) = change(entry, try file.bytes(entry.name)) else {
                continue
            }
            writer.add(name, dtype, shape: shape, bytes: bytes)
        }
        for (name, shape) in more {
            writer.add(name, [Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
        }
        let copy = folder.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        for name in ["config.json", "preprocessor_config.json"] {
            try FileManager.default.copyItem(
                at: source.appendingPathComponent(name), to: copy.appendingPathComponent(name))
        }
        try writer.write(to: copy.appendingPathComponent("model.safetensors"))
        return copy
    }

    static let up = "language_model.model.layers.1.mlp.up_proj.weight"

    /// A base model's own class leaves `model.` out, and transformers loads it all the same.
    @Test func aLanguageModelWithoutItsPrefixIsKnown() {
        for name in ["embed_tokens.weight", "layers.1.mlp.up_proj.weight", "norm.weight"] {
            #expect(CheckpointNames.canonical(name) == CheckpointNames.canonical("model.\(name)"))
        }
        #expect(
            CheckpointNames.canonical("layers.1.mlp.up_proj.weight") == CheckpointNames.canonical(Self.up))
    }

    @Test func missingTensorIsNamedWithItsShape() throws {
        try withTemporaryFolder { folder in
            let copy = try Self.altered(in: folder) {
                $0.name == Self.up ? nil : ($0.name, $0.dtype, $0.shape, $1)
            }
            let error = #expect(throws: ModelsError.self) { try LlavaModel(folder: copy) }
            guard case .missingTensor(copy.path, _, [72, 64], _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func wrongShapeIsShownBesideTheRightOne() throws {
        try withTemporaryFolder { folder in
            let copy = try Self.altered(in: folder) {
                $0.name == Self.up ? ($0.name, $0.dtype, [64, 72], $1) : ($0.name, $0.dtype, $0.shape, $1)
            }
            let error = #expect(throws: ModelsError.self) { try LlavaModel(folder: copy) }
            #expect(
                error?.description
                    == "\(copy.path)/model.safetensors: '\(Self.up)' is [64, 72], config.json asks for [72, "
                    + "64]"
            )
        }
    }

    @Test func otherElementTypesAreRefused() throws {
        try withTemporaryFolder { folder in
            let copy = try Self.altered(in: folder) {
                $0.name == Self.up
                    ? ($0.name, .int8, $0.shape, Array($1.prefix($0.count)))
                    : ($0.name, $0.dtype, $0.shape, $1)
            }
            let error = #expect(throws: ModelsError.self) { try LlavaModel(folder: copy) }
            #expect(error == .wrongType(file: "\(copy.path)/model.safetensors", tensor: Self.up, found: "I8"))
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func weightsThatAreNotFiniteAreRefusedByName(value: Float) throws {
        try withTemporaryFolder { folder in
            let copy = try Self.altered(in: folder) { entry, bytes in
                var bytes = bytes
                if entry.name == Self.up {
                    withUnsafeBytes(of: value.bitPattern.littleEndian) {
                        bytes.replaceSubrange(4 * 77..<4 * 78, with: $0)
                    }
                }
                return (entry.name, entry.dtype, entry.shape, bytes)
            }
            let error = #expect(throws: ModelsError.self) { try LlavaModel(folder: copy) }
            guard case .notFinite(_, Self.up, 77, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func tensorsOfAnotherConfigurationAreRefused() throws {
        try withTemporaryFolder { folder in
            let extra = "language_model.model.layers.2.mlp.up_proj.weight"
            let copy = try Self.altered(
                in: folder, { ($0.name, $0.dtype, $0.shape, $1) }, more: [(extra, [72, 64])])
            #expect(throws: ModelsError.unexpectedTensors(place: copy.path, names: [extra])) {
                try LlavaModel(folder: copy)
            }
            for stranger in [
                "text_model.embeddings.weight", "vision_tower.vision_model.encoder.layers.99.mlp.fc1.bias",
                "vision_tower.vision_model.adapter.weight",
            ] {
                let copy = try Self.altered(
                    in: folder, { ($0.name, $0.dtype, $0.shape, $1) }, more: [(stranger, [4])])
                #expect(throws: ModelsError.unexpectedTensors(place: copy.path, names: [stranger])) {
                    try LlavaModel(folder: copy)
                }
            }
            let twice = "model.language_model.layers.1.mlp.up_proj.weight"
            let doubled = try Self.altered(
                in: folder, { ($0.name, $0.dtype, $0.shape, $1) }, more: [(twice, [72, 64])])
            let error = #expect(throws: ModelsError.self) { try LlavaModel(folder: doubled) }
            #expect(
                error
                    == .duplicateTensor(
                        file: "\(doubled.path)/model.safetensors", first: Self.up, second: twice))
        }
    }

    /// LLaVA-1.5's and Align-TI's spelling of the projector, and buffers that old checkpoints carry.
    @Test func originalProjectorNamesAndStoredBuffersAreRead() throws {
        try withTemporaryFolder { folder in
            for prefix in ["model.mm_projector.", "model.mm_projector.image_spatial_proj.", "mm_projector."] {
                let copy = try Self.altered(
                    in: folder,
                    { entry, bytes in
                        let name = entry.name.replacingOccurrences(
                            of: "multi_modal_projector.linear_1.", with: prefix + "0."
                        )
                        .replacingOccurrences(of: "multi_modal_projector.linear_2.", with: prefix + "2.")
                        return (name, entry.dtype, entry.shape, bytes)
                    },
                    more: [("language_model.model.layers.0.self_attn.rotary_emb.inv_freq", [8])])
                let model = try LlavaModel(folder: copy)
                let original = try #require(
                    Golden.all.first { $0.folder.lastPathComponent == "qwen3_siglip" }
                ).model("student")
                #expect(Self.values(model) == Self.values(original))
            }
        }
    }

    static func values(_ model: LlavaModel) -> [String: [Float]] {
        Dictionary(
            model.parameters().map { ($0.name, $0.value.data.values) },
            uniquingKeysWith: { first, _ in first })
    }

    @Test func foldersWithoutWeightsSayWhatToDo() throws {
        try withTemporaryFolder { folder in
            let copy = try Self.altered(in: folder) { ($0.name, $0.dtype, $0.shape, $1) }
            try FileManager.default.removeItem(at: copy.appendingPathComponent("model.safetensors"))
            try Data().write(to: copy.appendingPathComponent("pytorch_model.bin"))
            #expect(
                thrownText(in: copy) { _ = try LlavaModel(folder: copy) } == "…: has neither "
                    + "model.safetensors nor model.safetensors.index.json; convert its pytorch_model*.bin to "
                    + "safetensors")
            for (map, text) in [
                (
                    #"{"weight_map": {"a": "../model.safetensors"}}"#,
                    "…/model.safetensors.index.json: "
                        + "'weight_map.a' is \"../model.safetensors\", expected the name of a "
                        + ".safetensors file "
                        + "beside the index"
                ),
                (
                    #"{"weight_map": {"a": 3}}"#,
                    "…/model.safetensors.index.json: 'weight_map.a' is 3, "
                        + "expected the name of a .safetensors file beside the "
                        + "index"
                ),
                (
                    "{}",
                    "…/model.safetensors.index.json: 'weight_map' is missing, expected "
                        + "an object"
                ),
            ] {
                try Data(map.utf8).write(to: copy.appendingPathComponent("model.safetensors.index.json"))
                #expect(thrownText(in: copy) { _ = try LlavaModel(folder: copy) } == text)
            }
        }
    }
}
