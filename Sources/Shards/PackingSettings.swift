import Files
import Foundation
import Images
import Settings
import Text

/// Treatment of a sample that cannot be trained on.
public enum BadSamplePolicy: String, Sendable, Codable, CaseIterable {
    /// Packing stops with an error that names the sample.
    case fail
    /// The sample is left out, counted, and listed in `skipped.jsonl` with the reason.
    case skip
}

/// Part of the samples that is packed, where some are held back from training.
public enum PackedPart: String, Sendable, Codable, CaseIterable {
    /// Those that are not held back: all, where the share is 0.
    case training
    case heldBack = "held_back"
}

/// How conversations and their pictures become shards.
public struct PackingSettings: Recipe, Equatable {
    @Setting("Beginning of the shards' names: <name>-00000.safetensors.zst.") public var name = "train"
    @Setting(
        "How a conversation becomes one text; vicuna is that of Align-TI's Qwen variant.",
        null: "that of the tokenizer's folder, vicuna where it has none")
    public var template: ConversationTemplate.Kind?
    @Setting("System prompt.", null: "the template's own") public var system: String?
    @Setting("The token after every answer.", null: "the template's own") public var endToken: String?
    @Setting(
        "Length of a sample at most, the visual tokens included; what is longer is cut on the right. LLaVA "
            + "has 2048.", unit: "tokens", in: 2...16_777_216)
    public var maximumLength = 2048
    @Setting("Captions made of the conversations' short answers, and packed instead of them.")
    public var caption = CaptionSettings()
    @Setting("How pictures are prepared, and how many tokens one becomes.") public var image = ImageSettings()
    @Setting("Samples of a shard.", in: 1...1_048_576) public var samplesPerShard = 512
    @Setting("Level of zstd's compression.", in: 1...19) public var compressionLevel = 3
    @Setting(
        "What happens with a sample that cannot be trained on; skip leaves it out, counts it and lists it in "
            + "skipped.jsonl.")
    public var onBadSample = BadSamplePolicy.fail
    @Setting("Records that are read.", in: 1..., null: "all") public var limit: Int?
    @Setting(
        "Share of pictures that is held back, with all samples about them (of samples, where there is no "
            + "picture): for measure-exposure.", in: 0..<1)
    public var heldBack = 0.0
    @Setting("What is packed: the samples without those held back, or those alone.")
    public var part = PackedPart.training

    public init() {}

    public func validate() throws {
        guard part != .heldBack || heldBack > 0 else {
            throw SettingProblem("part", "is held_back, and held_back, the share of it, is 0")
        }
        guard !image.saysTokens || image.visualTokens < maximumLength else {
            throw SettingProblem(
                "image.tokens",
                "is \(image.visualTokens), expected less than maximum_length, which is \(maximumLength)")
        }
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !FileName.hasControls(name),
            name.utf8.count <= 200
        else {
            throw SettingProblem("name", "is '\(outside: name)', expected the beginning of a file's name")
        }
    }

    /// The template, held to the one that the model in the tokenizer's folder was trained with. Projector
    /// pretraining (`plain`) is no conversation and fits any.
    ///
    /// - Throws: `TextError`, `FilesError`
    public func conversation(tokenizerFolder: URL) throws -> ConversationTemplate {
        guard template != .plain else {
            return ConversationTemplate(.plain, system: system, endText: endToken)
        }
        return try ConversationTemplate(template, system: system, endText: endToken, of: tokenizerFolder)
    }
}
