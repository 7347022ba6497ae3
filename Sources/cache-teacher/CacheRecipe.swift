import Models
import Stage
import TeacherStore
import Tensors

/// What cache.yaml may say.
struct CacheRecipe: Recipe {
    /// top_k: the most probable ids and the rest as one; sampled: draws from the teacher, an unbiased
    /// gradient.
    var encoding = TeacherOutputSettings.Encoding.topK
    /// IDs kept a position; null keeps all (small vocabularies).
    var topK: Int? = 64
    /// Draws a position, of `encoding: sampled`.
    var samples = 64
    var seed: UInt64 = 0
    /// IDs at or above it are left out before normalising; null: the teacher's vocabulary. Set it to the
    /// smallest student's.
    var commonVocabulary: Int?
    /// 0-based teacher layer of IVA; null measures the relevance of all and takes the highest (Eq. 4).
    var saliencyLayer: Int?
    /// Only the visual tokens that carry this share of a sample's alpha are kept; 1 keeps all.
    var saliencyMass = 1.0
    var relevance = Relevance()
    /// Of matrix products. Without bf16 instructions bf16 is fp32; what was used is part of an entry's name.
    var precision = Precision.bf16
    /// Rows of one forward pass at most.
    var microBatchRows = 8192

    struct Relevance: Codable, Sendable {
        /// Random pairs of inputs looked at (the paper's 1,000).
        var pairs = 1000
        /// Enough is known when every layer's standard error is below this.
        var standardError = 0.002
        var seed: UInt64 = 0

        enum CodingKeys: String, CodingKey {
            case pairs, seed
            case standardError = "standard_error"
        }
    }

    enum CodingKeys: String, CodingKey {
        case relevance, encoding, samples, seed, precision
        case topK = "top_k"
        case commonVocabulary = "common_vocabulary"
        case saliencyLayer = "saliency_layer"
        case saliencyMass = "saliency_mass"
        case microBatchRows = "micro_batch_rows"
    }

    func validate() throws {
        try SettingProblem.require(topK ?? 1, "top_k", in: 1...1_000_000)
        try SettingProblem.require(samples, "samples", in: 1...65_535)
        try SettingProblem.require(commonVocabulary ?? 1, "common_vocabulary", in: 1...(1 << 29))
        try SettingProblem.require(saliencyLayer ?? 0, "saliency_layer", in: 0...10_000)
        guard saliencyMass > 0, saliencyMass <= 1 else {
            throw SettingProblem("saliency_mass", "is \(saliencyMass), expected more than 0 and at most 1")
        }
        try SettingProblem.require(relevance.pairs, "relevance.pairs", in: 1...1_000_000)
        try SettingProblem.require(microBatchRows, "micro_batch_rows", in: 1...10_000_000)
    }

    /// - Parameter layer: the measured one, where the recipe names none
    func settings(_ teacher: LlavaConfiguration, layer: Int) throws -> TeacherOutputSettings {
        var settings = TeacherOutputSettings(
            topK: topK, commonVocabulary: commonVocabulary ?? teacher.text.vocabulary,
            saliencyLayer: saliencyLayer ?? layer)
        (settings.encoding, settings.samples, settings.seed, settings.saliencyMass) = (
            encoding, samples, seed, saliencyMass
        )
        settings.precision = precision.supported
        return settings
    }

    /// What cannot be said of the recipe alone.
    func validate(for teacher: LlavaConfiguration) throws {
        if let common = commonVocabulary, common > teacher.text.vocabulary {
            throw SettingProblem(
                "common_vocabulary",
                "is \(common), the teacher's vocabulary has \(teacher.text.vocabulary) ids")
        }
        if let layer = saliencyLayer, layer >= teacher.text.layers {
            throw SettingProblem(
                "saliency_layer", "is \(layer), the teacher has layers 0 to \(teacher.text.layers - 1)")
        }
    }
}
