import Autograd
import Files
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct ModelAssemblyTests {
    /// A tokenizer of five ids, with or without the placeholder.
    static func tokenizer(in folder: URL, hasImage: Bool, vocabulary: Int = 4) throws -> URL {
        let url = folder.appendingPathComponent("tokenizer-\(hasImage)-\(vocabulary)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        // é in two normal forms: two tokens to a tokenizer, one to Swift's String.
        let words =
            (["\"\u{e9}\"", "\"e\u{301}\"", "\"\\\"{\""] + (3..<max(4, vocabulary)).map { "\"w\($0)\"" })
            .enumerated().map { "\($1): \($0)" }
        let image =
            hasImage ? ", {\"id\": \(words.count + 1), \"content\": \"<image>\", \"special\": true}" : ""
        let text = """
            {"version": "1.0", "added_tokens": [{"id": \(words.count), "content": "<|endoftext|>", \
            "special": true}\(image)],
             "model": {"type": "BPE", "vocab": {\(words.joined(separator: ", "))}, "merges": [["a]", "}b"]]}}
            """
        try Data(text.utf8).write(to: url.appendingPathComponent("tokenizer.json"))
        return url
    }

    @Test func freshModelsAreAFunctionOfTheirSeeds() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try Self.tokenizer(in: folder, hasImage: true)
            func values(_ change: (inout AssemblySettings) -> Void = { _ in }) throws -> [String: [Float]] {
                var settings = AssemblySettings()
                change(&settings)
                return CheckpointTests.values(
                    try ModelAssembly(settings, language: nil, vision: nil, tokenizer: tokenizer).model)
            }
            let (a, same, other) = (try values(), try values(), try values { $0.seed = 2 })
            #expect(a == same)
            let student = try values {
                ($0.seed, $0.language.hidden, $0.language.layers, $0.language.keyHeads) = (5, 64, 3, 2)
            }
            for (name, value) in a {
                let isRandom =
                    name.contains("proj") && !name.hasSuffix("bias") || name.contains("embed_tokens")
                let isVision = name.hasPrefix("model.vision_tower.")
                if isVision { #expect(other[name] == value && student[name] == value, "\(name)") }
                if isRandom, !isVision { #expect(other[name] != value, "\(name)") }
            }
        }
    }

    @Test func freshMatricesHaveTheRecipesDeviation() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try Self.tokenizer(in: folder, hasImage: true)
            func assemble(_ deviation: Double) throws -> ModelAssembly {
                var settings = AssemblySettings()
                settings.language.initializerRange = deviation
                return try ModelAssembly(settings, language: nil, vision: nil, tokenizer: tokenizer)
            }
            for deviation in [0.02, 0.05] {
                let values = CheckpointTests.values(try assemble(deviation).model)
                let gate = try #require(values["model.language_model.layers.0.mlp.gate_proj.weight"])
                let square = gate.reduce(0) { $0 + Double($1 * $1) } / Double(gate.count)
                #expect(abs(square.squareRoot() / deviation - 1) < 0.02)
            }
            for deviation in [0, -0.02, 2, .nan] {
                #expect(
                    thrownText { _ = try assemble(deviation) }
                        == "'language.initializer_range' is \(deviation), expected more than 0 and at most 1")
            }
        }
    }

    @Test func demoTowersFeaturesAreOrthonormalProjections() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try Self.tokenizer(in: folder, hasImage: true)
            let model = try ModelAssembly(
                AssemblySettings(), language: nil, vision: nil, tokenizer: tokenizer
            ).model
            #expect(model.visualTokensPerImage == 16)
            let weights = CheckpointTests.values(model)
            let matrix = try #require(weights["model.vision_tower.embeddings.patch_embedding.weight"])
            for row in 0..<128 {
                for other in 0...row {
                    let dot = (0..<768).reduce(0.0) {
                        $0 + Double(matrix[row * 768 + $1]) * Double(matrix[other * 768 + $1])
                    }
                    #expect(abs(dot - (row == other ? 1 : 0)) < 1e-5)
                }
            }
            // Grey pixels are nearly 0 after normalisation, so the features are nearly the positions.
            let features = try model.visionFeatures(patches: Tensor(zeros: [16, 768])).data.values
            #expect(features == weights["model.vision_tower.embeddings.position_embedding.weight"])
            #expect(
                weights.keys.allSatisfy { !$0.contains("encoder.layers") },
                "layers beyond the feature layer are not loaded")
        }
    }

    @Test func writtenModelsAreCompleteAndReadBack() throws {
        try withTemporaryFolder { folder in
            for family in ["qwen2", "qwen3", "llama"] {
                for tower in ["siglip", "clip"] {
                    var settings = AssemblySettings()
                    settings.language.family = family
                    settings.language.tiedEmbeddings = family == "qwen2"
                    (settings.vision.family, settings.vision.layers, settings.imageAspect) = (tower, 2, .pad)
                    let tokenizer = try Self.tokenizer(in: folder, hasImage: false)
                    let assembly = try ModelAssembly(
                        settings, language: nil, vision: nil, tokenizer: tokenizer)
                    let out = folder.appendingPathComponent("\(family)-\(tower)")
                    try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
                    try assembly.write(into: out)
                    let model = try LlavaModel(folder: out)
                    #expect(try CheckpointTests.values(model) == CheckpointTests.values(assembly.model))
                    #expect(model.imageProcessor?.aspect == .pad)
                    #expect(model.configuration.imageTokenID == 5)
                    #expect(model.configuration.text.vocabulary == 6)
                    #expect(model.configuration.text.endOfSequenceIDs == [4])
                    #expect(model.visualTokensPerImage == 16)
                    let names = try SafeTensorsFile(out.appendingPathComponent("model.safetensors")).names
                    #expect(names.contains("vision_tower.vision_model.encoder.layers.1.mlp.fc1.weight"))
                    #expect(names.contains("vision_tower.vision_model.post_layernorm.bias"))
                }
            }
        }
    }

    @Test func placeholderIsAddedToATokenizerThatLacksIt() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try Self.tokenizer(in: folder, hasImage: false)
            let out = folder.appendingPathComponent("out")
            try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
            try ModelAssembly(AssemblySettings(), language: nil, vision: nil, tokenizer: tokenizer).write(
                into: out)
            let json = try JSONSerialization.jsonObject(
                with: Data(contentsOf: out.appendingPathComponent("tokenizer.json")))
            let added = try #require((json as? [String: Any])?["added_tokens"] as? [[String: Any]])
            #expect(added.map { $0["content"] as? String } == ["<|endoftext|>", "<image>"])
            #expect(added[1]["id"] as? Int == 5)
        }
    }

    @Test(.enabled(if: LanguageModelTests.storiesFolder != nil)) func publishedLanguageModelGetsATower()
        throws
    {
        let language = try #require(LanguageModelTests.storiesFolder)
        let golden = try #require(try Golden.all.first { $0.folder.lastPathComponent == "llama_clip" })
        let teacher = golden.folder.appendingPathComponent("teacher")
        let assembly = try ModelAssembly(
            AssemblySettings(), language: language, vision: teacher, tokenizer: nil)
        let model = try assembly.model
        // The tokenizer has 512 ids and no placeholder, the model 512 rows.
        #expect(model.configuration.imageTokenID == 512 && model.language.vocabularySize == 513)
        let planes = try Golden.tensor(golden.batch, "pixel_values")
        let features = try model.visionFeatures(patches: model.patches(planes: planes)).data.values
        #expect(largestDifference(features, try golden.forward.floats("teacher/vision_features")) < 2e-4)
        // Text alone: the old rows' logits are those of the language model.
        let alone = try LlavaModel(folder: language)
        let ids: [Int32] = [1, 403, 407, 261, 378]
        func logits(_ model: LlavaModel) throws -> [Float] {
            let output = model.language.forward(
                try model.embed(ids: ids), positions: [0, 1, 2, 3, 4], layout: .causal(lengths: [5]))
            return Array(model.language.logits(output.hidden.data).rows(4..<5).values.prefix(512))
        }
        #expect(try largestDifference(logits(model), logits(alone)) < 1e-5)
    }

    @Test func tooSmallVocabulariesAreRefused() throws {
        try withTemporaryFolder { folder in
            let golden = try #require(try Golden.all.first { $0.folder.lastPathComponent == "qwen2_siglip" })
            let student = golden.folder.appendingPathComponent("student")
            let big = try Self.tokenizer(in: folder, hasImage: true, vocabulary: 300)
            let error = #expect(throws: ModelsError.self) {
                try ModelAssembly(AssemblySettings(), language: student, vision: student, tokenizer: big)
            }
            #expect(
                error == .vocabularyTooSmall(rows: 272, needed: 302, tokenizer: "\(big.path)/tokenizer.json"))
            // The row after the table is the placeholder's alone.
            let gap = try Self.tokenizer(in: folder, hasImage: true, vocabulary: 272)
            #expect(throws: ModelsError.self) {
                try ModelAssembly(AssemblySettings(), language: student, vision: student, tokenizer: gap)
            }
            let next = try Self.tokenizer(in: folder, hasImage: true, vocabulary: 271)
            let grown = try ModelAssembly(
                AssemblySettings(), language: student, vision: student, tokenizer: next)
            #expect(grown.configuration.text.vocabulary == 273 && grown.configuration.imageTokenID == 272)
            var settings = AssemblySettings()
            settings.language.vocabulary = 5
            let small = try Self.tokenizer(in: folder, hasImage: true)
            #expect(throws: ModelsError.self) {
                try ModelAssembly(settings, language: nil, vision: nil, tokenizer: small)
            }
        }
    }

    @Test func impossibleSettingsAreRefused() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try Self.tokenizer(in: folder, hasImage: true)
            let changes: [(String, (inout AssemblySettings) -> Void)] = [
                ("language.model_type", { $0.language.family = "gpt" }),
                ("language.hidden", { $0.language.hidden = 0 }),
                ("language.heads", { $0.language.heads = 0 }),
                ("language.num_key_value_heads", { $0.language.keyHeads = 3 }),
                ("vision.model_type", { $0.vision.family = "vit" }),
                ("vision.num_attention_heads", { $0.vision.hidden = 1022 }),
                ("vision.patch_size", { $0.vision.patchSize = 65 }),
                ("feature_layer", { $0.featureLayer = 2 }),
            ]
            for (field, change) in changes {
                var settings = AssemblySettings()
                change(&settings)
                let text = thrownText {
                    _ = try ModelAssembly(settings, language: nil, vision: nil, tokenizer: tokenizer)
                }
                #expect(text.components(separatedBy: "'").dropFirst().first == field, "\(text)")
            }
            #expect(throws: ModelsError.self) {
                try ModelAssembly(AssemblySettings(), language: nil, vision: nil, tokenizer: nil)
            }
        }
    }

    @Test func brokenTokenizersAreNamed() throws {
        try withTemporaryFolder { folder in
            let good = try Data(
                contentsOf: Self.tokenizer(in: folder, hasImage: true).appendingPathComponent(
                    "tokenizer.json"))
            let cases: [(Data, String)] = [
                (
                    Data(),
                    "…/tokenizer.json: not valid JSON (line 1, byte 0: the text ends in the middle of "
                        + "a value (was the file cut off?)), expected a "
                        + "value"
                ),
                (
                    good.prefix(100),
                    "…/tokenizer.json: not valid JSON (line 1, byte 100: the "
                        + "text ends in the middle of a value (was the file cut off?)), expected "
                        + "'}'"
                ), (Data("{}".utf8), "…/tokenizer.json: 'model' is missing, expected an object"),
                (Data("[1]".utf8), "…/tokenizer.json: is [1], expected an object"),
                (
                    Data("{\"model\": {\"vocab\": {\"a\": -1}}}".utf8),
                    "…/tokenizer.json: 'model.vocab.a' is "
                        + "-1, expected a whole number from 0 to 1048575"
                ),
            ]
            for (bytes, text) in cases {
                try bytes.write(to: folder.appendingPathComponent("tokenizer.json"))
                let found = thrownText(in: folder) {
                    _ = try ModelAssembly(AssemblySettings(), language: nil, vision: nil, tokenizer: folder)
                }
                #expect(found == text)
            }
        }
    }
}
