import Files
import Foundation
import GGUF
import TestSupport
import Testing
import Text

@Suite struct GGUFExportTests {
    private static let models = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models")

    /// A golden student with a tokenizer of 258 ids and a chat template.
    private func student(_ name: String, in folder: URL) throws -> URL {
        let copy = folder.appendingPathComponent("model")
        try FileManager.default.copyItem(
            at: Self.models.appendingPathComponent("\(name)/student"), to: copy)
        let words = try BPETrainer(vocabularySize: 258, minimumCount: 1).train(on: ["th th"])
        try AtomicOutput.writeAtomically(words, to: copy.appendingPathComponent("tokenizer.json"))
        try AtomicOutput.writeAtomically("{{ x }}", to: copy.appendingPathComponent("chat_template.jinja"))
        return copy
    }

    private func export(_ model: URL, _ type: GGUFType, in folder: URL) throws -> URL {
        let out = folder.appendingPathComponent("gguf")
        var settings = ExportSettings()
        settings.type = type
        try GGUFExport(model: model).write(into: out, settings)
        return out
    }

    @Test(arguments: ["qwen2_siglip", "qwen3_siglip", "llama_clip"])
    func everyWeightIsWrittenOnce(name: String) throws {
        try withTemporaryFolder { folder in
            let model = try student(name, in: folder)
            let out = try export(model, .f32, in: folder)
            let stored = try SafeTensorsFile(model.appendingPathComponent("model.safetensors"))
            let language = try GGUFFile(out.appendingPathComponent("model.gguf"))
            let vision = try GGUFFile(out.appendingPathComponent("mmproj.gguf"))
            let written = [language, vision].flatMap(\.tensors.values).map { $0.sizes.reduce(1, *) }
            // The last norm, the head and layers behind the one whose output becomes features stay behind.
            let place = model.appendingPathComponent("config.json")
            let config = try JSONField(parsing: InputBytes.read(place), file: place.path)
            let layers = try config["vision_config"]["num_hidden_layers"].integer()
            let feature = try config["vision_feature_layer"].integer()
            let unused =
                ["post_layernorm.", "vision_model.head."]
                + (feature..<0).dropFirst().map { "encoder.layers.\(layers + $0)." }
            let used = stored.entries.filter { entry in !unused.contains { entry.name.contains($0) } }
            let wanted = used.map { $0.shape.reduce(1, *) }
            #expect(written.sorted() == wanted.sorted())

            func same(_ file: GGUFFile, _ gguf: String, _ suffix: String) throws {
                let entry = try #require(stored.entries.first { $0.name.hasSuffix(suffix) }, "\(suffix)")
                #expect(file.tensors[gguf]?.sizes == entry.shape.reversed(), "\(gguf)")
                #expect(try file.floats(gguf) == stored.floats(entry.name), "\(gguf)")
            }
            try same(language, "token_embd.weight", "embed_tokens.weight")
            try same(language, "output_norm.weight", "model.norm.weight")
            try same(language, "blk.1.attn_v.weight", "layers.1.self_attn.v_proj.weight")
            try same(language, "blk.1.attn_output.weight", "layers.1.self_attn.o_proj.weight")
            try same(language, "blk.0.ffn_norm.weight", "layers.0.post_attention_layernorm.weight")
            try same(language, "blk.0.ffn_gate.weight", "layers.0.mlp.gate_proj.weight")
            try same(language, "blk.0.ffn_down.weight", "layers.0.mlp.down_proj.weight")
            try same(vision, "v.patch_embd.weight", "patch_embedding.weight")
            try same(vision, "v.position_embd.weight", "position_embedding.weight")
            try same(vision, "v.blk.0.ln2.bias", "encoder.layers.0.layer_norm2.bias")
            try same(vision, "v.blk.1.ffn_up.weight", "encoder.layers.1.mlp.fc1.weight")
            try same(vision, "mm.0.weight", "linear_1.weight")
            try same(vision, "mm.2.bias", "linear_2.bias")
            if name == "llama_clip" {
                try same(vision, "v.class_embd", "class_embedding")
                // Heads of 16 rows of 64: row 1 of a head is its row 8.
                let query = try stored.floats(
                    #require(stored.names.first { $0.hasSuffix("layers.0.self_attn.q_proj.weight") }))
                let paired = try language.floats("blk.0.attn_q.weight")
                #expect(paired[64..<128] == query[512..<576] && paired[128..<192] == query[64..<128])
            } else {
                try same(language, "blk.0.attn_q.weight", "layers.0.self_attn.q_proj.weight")
            }
        }
    }

    @Test func metadataIsTheConfigurations() throws {
        try withTemporaryFolder { folder in
            let out = try export(student("llama_clip", in: folder), .q8, in: folder)
            let language = try GGUFFile(out.appendingPathComponent("model.gguf"))
            let expected: [String: GGUFFile.Value] = [
                "general.architecture": .text("llama"), "general.file_type": .number(7),
                "llama.embedding_length": .number(64), "llama.block_count": .number(2),
                "llama.feed_forward_length": .number(72), "llama.attention.head_count": .number(4),
                "llama.attention.head_count_kv": .number(2), "llama.attention.key_length": .number(16),
                "llama.rope.freq_base": .number(10000), "llama.context_length": .number(512),
                "tokenizer.ggml.eos_token_id": .number(2), "tokenizer.ggml.bos_token_id": .number(1),
                "tokenizer.ggml.padding_token_id": .number(0), "tokenizer.ggml.add_bos_token": .flag(false),
                "tokenizer.chat_template": .text("{{ x }}"),
            ]
            for (key, value) in expected { #expect(language.metadata[key] == value, "\(key)") }
            // 72 is no multiple of 32.
            #expect(
                language.tensors["blk.0.ffn_down.weight"]?.type == 1
                    && language.tensors["blk.0.ffn_up.weight"]?.type == 8
                    && language.tensors["blk.0.ffn_norm.weight"]?.type == 0)
            let vision = try GGUFFile(out.appendingPathComponent("mmproj.gguf"))
            let tower: [String: GGUFFile.Value] = [
                "general.architecture": .text("clip"), "clip.projector_type": .text("mlp"),
                "clip.use_gelu": .flag(false), "clip.has_vision_encoder": .flag(true),
                "clip.vision.block_count": .number(2), "clip.vision.feature_layer": .list([.number(2)]),
                "clip.vision.image_size": .number(56), "clip.vision.patch_size": .number(14),
                "clip.vision.projection_dim": .number(64), "general.file_type": .number(1),
            ]
            for (key, value) in tower { #expect(vision.metadata[key] == value, "\(key)") }
            #expect(
                vision.tensors["v.blk.0.attn_q.weight"]?.type == 1
                    && vision.tensors["v.position_embd.weight"]?.type == 0)
        }
    }

    /// Rows of equal width make llama.cpp take the two layers for each other's.
    @Test func layersOfEqualWidthAreNamedAsLlamaCppTakesThem() throws {
        try withTemporaryFolder { folder in
            let model = try student("llama_clip", in: folder)
            let place = model.appendingPathComponent("config.json")
            let text = try String(contentsOf: place, encoding: .utf8)
            try AtomicOutput.writeAtomically(
                text.replacing("\"intermediate_size\": 48", with: "\"intermediate_size\": 32"), to: place)
            let weights = model.appendingPathComponent("model.safetensors")
            let stored = try SafeTensorsFile(weights)
            var writer = SafeTensorsWriter()
            for entry in stored.entries {
                let isWide = entry.name.contains("vision") && entry.shape.contains(48)
                let shape = isWide ? entry.shape.map { $0 == 48 ? 32 : $0 } : entry.shape
                let values = try stored.floats(entry.name)
                writer.add(entry.name, Array(values.prefix(shape.reduce(1, *))), shape: shape)
            }
            try writer.write(to: weights)
            let out = try export(model, .f32, in: folder)
            let vision = try GGUFFile(out.appendingPathComponent("mmproj.gguf"))
            let first = try #require(stored.names.first { $0.hasSuffix("encoder.layers.0.mlp.fc1.weight") })
            #expect(
                try vision.floats("v.blk.0.ffn_down.weight") == Array(stored.floats(first).prefix(32 * 32)))
        }
    }

    @Test func whatLlamaCppDoesNotHaveIsRefusedByName() throws {
        try withTemporaryFolder { folder in
            let model = try student("llama_clip", in: folder)
            let place = model.appendingPathComponent("config.json")
            let text = try String(contentsOf: place, encoding: .utf8)
            func refusal(_ old: String, _ new: String) throws -> String {
                try AtomicOutput.writeAtomically(text.replacing(old, with: new), to: place)
                return thrownText(in: model) { _ = try GGUFExport(model: model) }
            }
            let cases = [
                ("\"clip_vision_model\"", "\"dinov2\"", "'vision_config.model_type' is dinov2"),
                ("\"default\"", "\"full\"", "'vision_feature_select_strategy' is full"),
                (
                    "\"projector_hidden_act\": \"gelu\"", "\"projector_hidden_act\": \"quick_gelu\"",
                    "'projector_hidden_act' is quick_gelu"
                ),
            ]
            for (old, new, problem) in cases {
                let found = try refusal(old, new)
                #expect(
                    found.hasPrefix("…/config.json: \(problem), which llama.cpp does not have; it has "),
                    "\(found)")
            }
            let generation = model.appendingPathComponent("generation_config.json")
            try AtomicOutput.writeAtomically("{\"eos_token_id\": [2, 3, 4, 5]}", to: generation)
            let ends = try refusal("\u{0}", "")
            #expect(
                ends.hasPrefix("…/config.json: 'eos_token_id' is a list of 4, which llama.cpp"), "\(ends)")
        }
    }
}
