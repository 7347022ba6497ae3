import Files
import Foundation
import Images
import Models
import TestSupport
import Testing

/// LLaVA's own releases: text fields at the top, `mm_*` beside them, the projector as `model.mm_projector`,
/// the tower apart or inside.
@Suite struct LlavaReleaseTests {
    private static func golden(_ name: String) throws -> Golden {
        try #require(try Golden.all.first { $0.folder.lastPathComponent == name })
    }

    /// A release made of a fixture's teacher.
    ///
    /// - Parameters:
    ///   - fields: of config.json, besides or instead of those of such a release; nil takes one away
    ///   - holdsTower: whether the tower's weights are inside
    private func release(
        of golden: Golden, in folder: URL, _ fields: [String: Any?] = [:], holdsTower: Bool = false,
        renaming: (String) -> String = { $0 }
    ) throws -> URL {
        let teacher = golden.folder.appendingPathComponent("teacher")
        let release = folder.appendingPathComponent("release-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: release, withIntermediateDirectories: true)
        let parsed = try JSONSerialization.jsonObject(
            with: Data(contentsOf: teacher.appendingPathComponent("config.json")))
        let isQwen = golden.folder.lastPathComponent.hasPrefix("qwen")
        var config = try #require((parsed as? [String: Any])?["text_config"] as? [String: Any])
        config["model_type"] = isQwen ? "llava_qwen2" : "llava_llama"
        config["mm_projector_type"] = "mlp2x_gelu"
        config["mm_vision_tower"] = "google/siglip-so400m-patch14-384"
        config["mm_vision_select_layer"] = -2
        config["mm_vision_select_feature"] = "patch"
        config["image_aspect_ratio"] = "pad"
        for (name, value) in fields { config[name] = value }
        try JSONSerialization.data(withJSONObject: config).write(
            to: release.appendingPathComponent("config.json"))
        let file = try SafeTensorsFile(teacher.appendingPathComponent("model.safetensors"))
        var writer = SafeTensorsWriter()
        for entry in file.entries where holdsTower || !entry.name.hasPrefix("vision_tower.") {
            let name =
                entry.name.hasPrefix("vision_tower.")
                ? "model.vision_tower.\(entry.name)"
                : entry.name.replacingOccurrences(of: "language_model.", with: "")
                    .replacingOccurrences(
                        of: "multi_modal_projector.linear_1.", with: "model.mm_projector.0."
                    )
                    .replacingOccurrences(
                        of: "multi_modal_projector.linear_2.", with: "model.mm_projector.2.")
            writer.add(
                renaming(name), entry.dtype, shape: entry.shape, bytes: try file.bytes(entry.name))
        }
        try writer.write(to: release.appendingPathComponent("model.safetensors"))
        return release
    }

    private func assemble(
        _ release: URL, vision: URL?, in folder: URL, _ change: (inout AssemblySettings) -> Void = { _ in }
    ) throws -> ModelAssembly {
        var settings = AssemblySettings()
        change(&settings)
        return try ModelAssembly(
            settings, language: release, vision: vision,
            tokenizer: ModelAssemblyTests.tokenizer(in: folder, hasImage: true))
    }

    /// With its tower it is the Hugging Face model it came from, the projector included.
    @Test func aReleaseWithItsTowerApartBecomesTheSameModel() throws {
        for name in ["qwen2_siglip", "llama_clip"] {
            let golden = try Self.golden(name)
            let teacher = golden.folder.appendingPathComponent("teacher")
            try withTemporaryFolder { folder in
                let release = try release(of: golden, in: folder)
                let made = try assemble(release, vision: teacher, in: folder)
                #expect(
                    try CheckpointTests.values(made.model)
                        == CheckpointTests.values(golden.model("teacher")))
                let fresh = try assemble(release, vision: teacher, in: folder) { $0.keepsProjector = false }
                #expect(
                    try CheckpointTests.values(fresh.model) != CheckpointTests.values(made.model))
                // LLaVA's `patch` leaves out the class token, which SigLIP has not.
                #expect(made.configuration.featureSelection == (name == "llama_clip" ? .patches : .full))
                #expect(try made.model.imageProcessor?.aspect == .pad)
                #expect(made.notices.isEmpty)
            }
        }
    }

    /// What other fields say is honoured, unless the recipe says otherwise.
    @Test func itsFieldsAreHonoured() throws {
        let golden = try Self.golden("llama_clip")
        let teacher = golden.folder.appendingPathComponent("teacher")
        try withTemporaryFolder { folder in
            func made(
                _ fields: [String: Any?], _ change: (inout AssemblySettings) -> Void = { _ in }
            ) throws -> LlavaModel {
                try assemble(
                    release(of: golden, in: folder, fields), vision: teacher, in: folder, change
                ).model
            }
            #expect(try made(["mm_vision_select_layer": -1]).configuration.featureLayer == -1)
            #expect(
                try made(["mm_vision_select_layer": -1]) { $0.featureLayer = -2 }.configuration.featureLayer
                    == -2)
            #expect(
                try made(["mm_vision_select_feature": "cls_patch"]).configuration.featureSelection == .full)
            // `square` leaves pictures to the tower's own processor.
            #expect(try made(["image_aspect_ratio": "square"]).imageProcessor?.aspect == .clip)
            #expect(try made(["image_aspect_ratio": nil]).imageProcessor?.aspect == .clip)
            #expect(try made([:]) { $0.imageAspect = .square }.imageProcessor?.aspect == .square)
            #expect(
                try made(["image_aspect_ratio": "anyres", "mm_patch_merge_type": "spatial_unpad"]) {
                    $0.imageAspect = .pad
                }.imageProcessor?.aspect == .pad)
            // Without the field LLaVA's projector is one layer, but these weights are two.
            _ = try made(["mm_projector_type": nil])
            // Fields of training say nothing.
            let model = try made([
                "mm_use_im_start_end": false, "mm_resampler_type": NSNull(), "tune_mm_mlp_adapter": true,
                "mm_projector_lr": 1e-3,
            ])
            #expect(model.notices.isEmpty)
            #expect(try made(["mm_of_next_year": 1]).notices.contains { $0.contains("'mm_of_next_year'") })
        }
    }

    @Test func whatIsNotSupportedIsRefusedByName() throws {
        let golden = try Self.golden("llama_clip")
        let teacher = golden.folder.appendingPathComponent("teacher")
        let cases: [(field: String, value: Any)] = [
            ("mm_projector_type", "linear"), ("mm_projector_type", "mlp3x_gelu"),
            ("mm_projector_type", "identity"), ("mm_vision_select_feature", "cls"),
            ("mm_vision_select_layer", 99), ("mm_vision_select_layer", [-2, -5]),
            ("image_aspect_ratio", "anyres_max_9"), ("mm_patch_merge_type", "spatial_unpad"),
            ("mm_hidden_size", 1024), ("mm_resampler_type", "perceiver"), ("mm_use_im_start_end", true),
            ("s2", true), ("model_type", "llava_mistral"),
        ]
        try withTemporaryFolder { folder in
            for (field, value) in cases {
                let release = try release(of: golden, in: folder, [field: value])
                let text = thrownText { _ = try assemble(release, vision: teacher, in: folder) }
                #expect(text.contains("'\(field)") && text.contains("expected"), "\(field): \(text)")
            }
            // A fresh projector is of another kind and takes other features.
            for (field, value) in [("mm_projector_type", "linear"), ("mm_hidden_size", 1024)]
                as [(String, Any)]
            {
                let release = try release(of: golden, in: folder, [field: value])
                _ = try assemble(release, vision: teacher, in: folder) { $0.keepsProjector = false }
            }
            // Weights of a projector of one layer.
            let linear = try release(of: golden, in: folder, ["mm_projector_type": nil]) {
                $0.replacingOccurrences(of: "mm_projector.0.", with: "mm_projector.")
                    .replacingOccurrences(of: "mm_projector.2.", with: "mm_projector.4.")
            }
            let text = thrownText { _ = try assemble(linear, vision: teacher, in: folder) }
            #expect(text.contains("'mm_projector_type' is missing"), "\(text)")
            let fresh = try assemble(linear, vision: teacher, in: folder) { $0.keepsProjector = false }
            #expect(try fresh.model.hasVision)
        }
    }

    /// `llava` alone is LLaVA-1.5's name; the class tells others apart.
    @Test(
        arguments: [
            ("llama_clip", "llava", nil), ("llama_clip", "llava", "LlavaLlamaForCausalLM"),
            ("llama_clip", "llava_llama", nil), ("qwen2_siglip", "llava", "LlavaQwenForCausalLM"),
            ("qwen2_siglip", "llava_qwen", nil), ("qwen2_siglip", "llava_qwen2", "LlavaQwen2ForCausalLM"),
        ] as [(String, String, String?)])
    func theLanguageModelIsTold(fixture: String, type: String, name: String?) throws {
        let golden = try Self.golden(fixture)
        try withTemporaryFolder { folder in
            let release = try release(
                of: golden, in: folder,
                ["model_type": type, "architectures": name.map { [$0] } as Any?])
            let made = try assemble(
                release, vision: golden.folder.appendingPathComponent("teacher"), in: folder)
            #expect(
                made.configuration.text.family.rawValue == (fixture == "llama_clip" ? "llama" : "qwen2"))
        }
    }

    /// A tuned tower comes with the release; what it looks like, with --vision.
    @Test func aTowerInsideIsUsed() throws {
        let golden = try Self.golden("qwen2_siglip")
        let (teacher, student) = (
            golden.folder.appendingPathComponent("teacher"), golden.folder.appendingPathComponent("student")
        )
        func tower(_ model: LlavaModel) -> [String: [Float]] {
            CheckpointTests.values(model).filter { $0.key.hasPrefix("model.vision_tower.") }
        }
        try withTemporaryFolder { folder in
            // A folder of the same form and other weights.
            let other = folder.appendingPathComponent("other")
            try FileManager.default.copyItem(at: teacher, to: other)
            let negated = try golden.model("teacher")
            for parameter in negated.parameters(of: [.vision]) { parameter.value.data.fill(0.25) }
            try negated.save(to: other, replacing: true)
            let inside = try release(of: golden, in: folder, holdsTower: true)
            #expect(
                try tower(assemble(inside, vision: other, in: folder).model)
                    == tower(golden.model("teacher")))
            #expect(
                try tower(assemble(inside, vision: other, in: folder) { $0.keepsTower = false }.model)
                    == tower(negated))
            // Where config.json describes the tower too nothing else is needed.
            let parsed = try JSONSerialization.jsonObject(
                with: Data(contentsOf: teacher.appendingPathComponent("config.json")))
            let described = try release(
                of: golden, in: folder,
                ["vision_config": (parsed as? [String: Any])?["vision_config"]], holdsTower: true)
            #expect(
                try tower(assemble(described, vision: nil, in: folder).model)
                    == tower(golden.model("teacher")))
            // So is the tower of a Hugging Face model.
            let own = try assemble(student, vision: nil, in: folder)
            #expect(try CheckpointTests.values(own.model) == CheckpointTests.values(golden.model("student")))
            #expect(
                own.configuration.featureSelection
                    == (try golden.model("student").configuration.featureSelection))
        }
    }

    @Test func aMissingTowerIsNamed() throws {
        let golden = try Self.golden("qwen2_siglip")
        try withTemporaryFolder { folder in
            for holdsTower in [false, true] {
                let release = try release(of: golden, in: folder, holdsTower: holdsTower)
                let text = thrownText { _ = try assemble(release, vision: nil, in: folder) }
                #expect(text.contains("--vision"), "\(text)")
                #expect(text.contains("'google/siglip-so400m-patch14-384'"), "\(text)")
            }
            let direct = try release(of: golden, in: folder)
            let text = thrownText { _ = try LlavaModel(folder: direct) }
            #expect(text.contains("assemble-model"), "\(text)")
        }
    }
}
