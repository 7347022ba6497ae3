import Images
import Shards
import Stage
import Text

/// The settings of `pack-shards`.
struct PackRecipe: Recipe {
    /// The shards are called `<name>-00000.safetensors.zst`.
    var name = "train"
    /// vicuna (Align-TI's Qwen variant), plain, chatml or llama_2.
    var template = "vicuna"
    /// Null for the template's own.
    var system: String?
    /// The token after every answer; null for the template's own.
    var endToken: String?
    /// Tokens of a sample, the visual ones included (LLaVA: 2048).
    var maximumLength = 2048
    var image = ImageRecipe()
    var samplesPerShard = 512
    /// zstd, 1 to 19.
    var compressionLevel = 3
    /// fail, or skip: leave the sample out, count it and list it in skipped.jsonl.
    var onBadSample = BadSamplePolicy.fail
    /// Read only so many records; null for all.
    var limit: Int?
    /// Share of pictures that is held back, with all samples about them (of samples, where there is no
    /// picture): for measure-exposure.
    var heldBack = 0.0
    /// training (without those held back) or held_back (those alone).
    var part = PackedPart.training

    enum CodingKeys: String, CodingKey {
        case name, template, system, image, limit, part
        case heldBack = "held_back"
        case endToken = "end_token"
        case maximumLength = "maximum_length"
        case samplesPerShard = "samples_per_shard"
        case compressionLevel = "compression_level"
        case onBadSample = "on_bad_sample"
    }

    func validate() throws {
        try SettingProblem.require(maximumLength, "maximum_length", in: 2...1 << 24)
        try SettingProblem.require(samplesPerShard, "samples_per_shard", in: 1...1 << 20)
        try SettingProblem.require(compressionLevel, "compression_level", in: 1...19)
        if let limit { try SettingProblem.require(limit, "limit", in: 1...Int.max) }
        guard heldBack >= 0, heldBack < 1 else {
            throw SettingProblem("held_back", "is \(heldBack), expected a number from 0, less than 1")
        }
        guard part != .heldBack || heldBack > 0 else {
            throw SettingProblem("part", "is held_back, and held_back, the share of it, is 0")
        }
        guard ConversationTemplate.Kind(rawValue: template) != nil else {
            let names = ConversationTemplate.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingProblem("template", "is '\(template)', expected one of \(names)")
        }
        guard image.visualTokens < maximumLength else {
            throw SettingProblem(
                "maximum_length", "is \(maximumLength), the image alone takes \(image.visualTokens) tokens")
        }
    }
}

/// How pictures are prepared, and how many tokens one becomes. The defaults are SigLIP so400m/14 at 384,
/// padded as in fine-tuning.
struct ImageRecipe: Recipe {
    /// siglip or clip: decides mean and std unless they are given.
    var processor = ImageProcessor.Kind.siglip
    /// Pixels of a side.
    var size = 384
    /// Pixels of a patch's side: only counts the tokens.
    var patch = 14
    /// square (resize), pad (centre on the mean colour first) or clip (resize the shorter side, cut out the
    /// centre).
    var aspect = ImageProcessor.Aspect.pad
    /// Null for (size / patch)^2.
    var tokens: Int?
    /// Red, green and blue on the scale 0 to 1; null for the processor's own.
    var mean: [Double]?
    var std: [Double]?

    var visualTokens: Int { tokens ?? (size / patch) * (size / patch) }

    func validate() throws {
        try SettingProblem.require(size, "size", in: 1...8192)
        try SettingProblem.require(patch, "patch", in: 1...size)
        if let tokens { try SettingProblem.require(tokens, "tokens", in: 1...1 << 20) }
        do { _ = try imageProcessor() } catch let ImageError.badProcessor(_, field, found, expected) {
            throw SettingProblem(
                field == "image_mean" ? "mean" : field == "image_std" ? "std" : field,
                "is \(found), expected \(expected)")
        }
    }

    func imageProcessor() throws -> ImageProcessor {
        try ImageProcessor(kind: processor, size: size, mean: mean, standardDeviation: std, aspect: aspect)
    }
}
