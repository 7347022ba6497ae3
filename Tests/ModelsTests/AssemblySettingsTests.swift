import Foundation
import Models
import TestSupport
import Testing

/// What of a model is taken, and settings that do not go together.
@Suite struct AssemblySettingsTests {
    /// Layers of a published model, evenly spread or by number.
    @Test func aStudentMayKeepSomeLayersOfAModel() throws {
        let teacher = try #require(Fixtures.cases("models").first { $0.lastPathComponent == "qwen3_siglip" })
            .appendingPathComponent("teacher")  // 4 layers
        try withTemporaryFolder { folder in
            let tokenizer = try ModelAssemblyTests.tokenizer(in: folder, hasImage: true)
            func values(_ change: (inout AssemblySettings) -> Void) throws -> [String: [Float]] {
                var settings = AssemblySettings()
                change(&settings)
                let assembly = try ModelAssembly(
                    settings, language: teacher, vision: nil, tokenizer: tokenizer)
                let out = folder.appendingPathComponent(UUID().uuidString)
                try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
                try assembly.write(into: out)
                return CheckpointTests.values(try LlavaModel(folder: out))
            }
            let whole = try values { _ in }
            func up(_ layer: Int) -> String { "model.language_model.layers.\(layer).mlp.up_proj.weight" }
            let cases: [(kept: [Int], count: Int?, list: [Int]?)] = [
                ([0, 3], 2, nil), ([0, 2, 3], 3, nil), ([0], 1, nil), ([2, 1], nil, [2, 1]),
            ]
            for (kept, count, list) in cases {
                let student = try values { settings in
                    (settings.keptLayers, settings.layerList) = (count, list)
                }
                for (layer, stored) in kept.enumerated() { #expect(student[up(layer)] == whole[up(stored)]) }
                #expect(student[up(kept.count)] == nil)
                let embedding = "model.language_model.embed_tokens.weight"
                #expect(student[embedding] == whole[embedding])
            }
        }
    }

    /// A setting that cannot apply is an error, not silence.
    @Test func settingsOfAFreshPartBesideAFolderAreRefused() throws {
        let model = try #require(Fixtures.cases("models").first).appendingPathComponent("student")
        func settings(_ change: (inout AssemblySettings) -> Void) -> AssemblySettings {
            var settings = AssemblySettings()
            change(&settings)
            return settings
        }
        let cases: [(field: String, language: URL?, vision: URL?, settings: AssemblySettings)] = [
            ("language", model, nil, settings { $0.language.layers = 15 }),
            ("vision", nil, model, settings { $0.vision.hidden = 64 }),
            ("kept_layers", nil, nil, settings { $0.keptLayers = 2 }),
            ("layer_list", nil, nil, settings { $0.layerList = [0] }),
            ("image_size", nil, nil, settings { $0.imageSize = 64 }),
            ("keeps_projector", nil, model, settings { $0.keepsProjector = true }),
            ("keeps_tower", nil, model, settings { $0.keepsTower = true }),
            (
                "keeps_projector=false", model, nil,
                settings { ($0.vision.hidden, $0.vision.heads) = (96, 2) }
            ),
            ("image_token", nil, nil, settings { $0.imageToken = "w3" }),
            ("layer_list", model, nil, settings { ($0.keptLayers, $0.layerList) = (1, [0]) }),
            ("kept_layers", model, nil, settings { $0.keptLayers = 99 }),
        ]
        try withTemporaryFolder { folder in
            let tokenizer = try ModelAssemblyTests.tokenizer(in: folder, hasImage: true)
            for (field, language, vision, settings) in cases {
                #expect("\(field)") {
                    try ModelAssembly(settings, language: language, vision: vision, tokenizer: tokenizer)
                } throws: { error in
                    guard case ModelsError.cannotAssemble(let problem) = error else { return false }
                    return problem.contains(field)
                }
            }
        }
    }
}
