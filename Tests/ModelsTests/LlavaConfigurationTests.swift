import Files
import Foundation
import Models
import TestSupport
import Testing

@Suite struct LlavaConfigurationTests {
    /// Writes a configuration and reads it: `changes` are laid over a valid one, `nil` removes a key; dots go
    /// down.
    static func read(
        _ changes: [(String, Any?)],
        base: String =
            #"{"model_type": "llava", "text_config": {"model_type": "qwen2", "hidden_size": 64, "#
            + #""num_attention_heads": 4, "num_key_value_heads": 2}, "vision_config": {"model_type": "#
            + #""siglip_vision_model", "hidden_size": 32, "num_attention_heads": 2, "#
            + #""num_hidden_layers": 3}}"#
    ) throws -> LlavaConfiguration {
        try withTemporaryFolder { folder in
            let parsed = try JSONSerialization.jsonObject(with: Data(base.utf8))
            var object = try #require(parsed as? [String: Any])
            for (path, value) in changes {
                let keys = path.split(separator: ".").map(String.init)
                if keys.count == 1 {
                    object[path] = value
                } else {
                    var inner = object[keys[0]] as? [String: Any] ?? [:]
                    inner[keys[1]] = value
                    object[keys[0]] = inner
                }
            }
            try JSONSerialization.data(withJSONObject: object).write(
                to: folder.appendingPathComponent("config.json"))
            return try LlavaConfiguration(folder: folder)
        }
    }

    @Test(arguments: [
        ("text_config.rms_norm_eps", 1.5), ("text_config.rms_norm_eps", 0),
        ("vision_config.layer_norm_eps", -1e-6), ("text_config.rope_theta", 0.5),
        ("text_config.initializer_range", -1), ("vision_config.initializer_range", -1),
        ("image_seq_length", -1), ("text_config.attention_dropout", 1.5),
    ])
    func anImpossibleNumberIsRefusedByName(_ field: String, _ value: Double) throws {
        #expect { try Self.read([(field, value)]) } throws: { error in
            guard case .badField(_, let name, _, _) = error as? FilesError else { return false }
            return field.hasSuffix(name) || name == field
        }
    }

    @Test func absentFieldsTakeTheirDefaults() throws {
        let configuration = try Self.read([])
        #expect(configuration.text.normEpsilon == 1e-6)
        #expect(configuration.text.ropeTheta == 10_000)
        #expect(configuration.text.headSize == 16)
        #expect(!configuration.text.tiedEmbeddings)
        #expect(configuration.featureLayer == -2)
        #expect(configuration.featureSelection == .patches)
        #expect(configuration.projectorActivation == .gelu)
        #expect(configuration.projectorBias)
        let vision = try #require(configuration.vision)
        #expect(vision.normEpsilon == 1e-6 && vision.activation == .geluTanh)
        let clip = try #require(try Self.read([("vision_config.model_type", "clip_vision_model")]).vision)
        #expect(clip.normEpsilon == 1e-5 && clip.activation == .quickGelu && clip.patchSize == 32)
        #expect(try Self.read([("text_config.model_type", "qwen3")]).text.headSize == 128)
        // llava-hf/llava-1.5-7b-hf names little more than the family.
        let llama = try Self.read([("text_config", ["model_type": "llama", "vocab_size": 32064])]).text
        #expect((llama.hidden, llama.layers, llama.heads, llama.keyHeads) == (4096, 32, 32, 32))
        #expect(llama.intermediate == 11008 && llama.startId == 1 && llama.endOfSequenceIDs == [2])
        let strange: [String: Any] = [
            "model_type": "llama", "vocab_size": 100, "eos_token_id": [70000, 5, -3], "pad_token_id": -1,
        ]
        let sane = try Self.read([("text_config", strange)]).text
        #expect(sane.endOfSequenceIDs == [5] && sane.paddingId == nil && sane.unknownIDs == [70000, -3])
        let none: [String: Any] = [
            "model_type": "llama", "bos_token_id": NSNull(), "eos_token_id": NSNull(),
        ]
        let silent = try Self.read([("text_config", none)]).text
        #expect(silent.startId == nil && silent.endOfSequenceIDs.isEmpty)
        let qwen = try Self.read([
            ("text_config.num_attention_heads", 4), ("text_config.num_key_value_heads", NSNull()),
        ]).text
        #expect(qwen.keyHeads == 4)
    }

    @Test func ropeThetaIsReadFromBothPlaces() throws {
        #expect(try Self.read([("text_config.rope_theta", 5e5)]).text.ropeTheta == 5e5)
        #expect(
            try Self.read([("text_config.rope_parameters", ["rope_type": "default", "rope_theta": 1e6])]).text
                .ropeTheta == 1e6)
        #expect(
            try Self.read([("text_config.rope_scaling", ["rope_type": "default", "rope_theta": 2e5])]).text
                .ropeTheta == 2e5)
        for (name, value) in [
            ("text_config.rope_scaling", ["rope_type": "default", "rope_theta": 2e5]),
            ("text_config.rope_parameters", ["full_attention": ["rope_theta": 3e5]]),
        ] as [(String, [String: Any])] {
            #expect(throws: FilesError.self) {
                try Self.read([("text_config.rope_theta", 5e5), (name, value)])
            }
        }
    }

    @Test func embeddingsAreTiedIfEitherLevelSaysSo() throws {
        #expect(try Self.read([("tie_word_embeddings", true)]).text.tiedEmbeddings)
        #expect(try Self.read([("text_config.tie_word_embeddings", true)]).text.tiedEmbeddings)
    }

    @Test func tokensPerImageFollowSelection() throws {
        let siglip = try Self.read([
            ("vision_feature_select_strategy", "full"), ("vision_config.image_size", 384),
            ("vision_config.patch_size", 14),
        ])
        #expect(siglip.visualTokensPerImage == 729)
        let clip = try Self.read([
            ("vision_config.model_type", "clip_vision_model"), ("vision_config.image_size", 336),
            ("vision_config.patch_size", 14),
        ])
        #expect(clip.visualTokensPerImage == 576)
    }

    static let refused: [(String, any Sendable, String)] = [
        ("model_type", "bert", "'model_type' is \"bert\""),
        ("text_config.model_type", "gemma", "'text_config.model_type' is \"gemma\""),
        ("text_config.rope_scaling", ["type": "linear"], "'text_config.rope_scaling.type' is \"linear\""),
        (
            "text_config.rope_parameters", ["rope_type": "yarn"],
            "'text_config.rope_parameters.rope_type' is \"yarn\""
        ),
        ("text_config.hidden_act", "gelu", "'text_config.hidden_act' is \"gelu\""),
        ("text_config.use_sliding_window", true, "'text_config.use_sliding_window' is true"),
        ("text_config.attention_bias", true, "'text_config.attention_bias' is true"),
        (
            "text_config.layer_types", ["sliding_attention"],
            "'text_config.layer_types[0]' is \"sliding_attention\""
        ),
        ("text_config.num_key_value_heads", 3, "'text_config.num_key_value_heads' is 3"),
        ("text_config.hidden_size", -4, "'text_config.hidden_size' is -4"),
        ("text_config.hidden_size", "64", "'text_config.hidden_size' is \"64\""),
        ("text_config.hidden_size", 65, "'text_config.hidden_size' is 65"),
        ("text_config.num_hidden_layers", 1.5, "'text_config.num_hidden_layers' is 1.5"),
        ("text_config.vocab_size", 1 << 40, "'text_config.vocab_size' is 1099511627776"),
        ("text_config.tie_word_embeddings", 1, "'text_config.tie_word_embeddings' is 1"),
        ("vision_config.hidden_act", "relu", "'vision_config.hidden_act' is \"relu\""),
        ("vision_config.patch_size", 500, "'vision_config.patch_size' is 500"),
        ("vision_config.num_channels", 1, "'vision_config.num_channels' is 1"),
        ("vision_feature_layer", -5, "'vision_feature_layer' is -5"),
        ("vision_feature_layer", [-2, -3], "'vision_feature_layer' is [-2, -3]"),
        ("vision_feature_select_strategy", "cls", "'vision_feature_select_strategy' is \"cls\""),
        ("projector_hidden_act", "silu", "'projector_hidden_act' is \"silu\""),
    ]

    @Test(arguments: refused.indices) func unsupportedValuesAreNamed(index: Int) throws {
        let (path, value, text) = Self.refused[index]
        #expect { try Self.read([(path, value)]) } throws: {
            guard case .badField(_, let field, let found, _)? = $0 as? FilesError else { return false }
            return "'\(field)' is \(found)" == text
        }
    }

    @Test func brokenFilesAreNamed() throws {
        try withTemporaryFolder { folder in
            func error() -> String { thrownText(in: folder) { _ = try LlavaConfiguration(folder: folder) } }
            #expect(error() == "…/config.json: cannot be read; a model folder needs this file")
            for (text, problem) in [
                (
                    "",
                    "…/config.json: not valid JSON (line 1, byte 0: the text ends in the middle of a value "
                        + "(was the file cut off?)), expected a value"
                ),
                (
                    "{",
                    "…/config.json: not valid JSON "
                        + "(line 1, byte 1: the text ends in the middle of a value (was the file cut off?)), "
                        + "expected a key in quotes"
                ),
                (
                    "[1]",
                    "…/config.json: is [1], expected an "
                        + "object"
                ),
                (
                    "{\"model_type\": 3}",
                    "…/config.json: 'model_type' is 3, expected a "
                        + "string"
                ),
            ] {
                try Data(text.utf8).write(to: folder.appendingPathComponent("config.json"))
                #expect(error() == problem)
            }
        }
    }
}
