import Distillation
import Settings
import Tensors

/// Settings that decide the numbers of the teacher's outputs, besides the teacher and the data.
public struct TeacherOutputSettings: Sendable, Equatable, Codable {
    /// Form in which a distribution is kept.
    public enum Encoding: String, Sendable, Codable, CaseIterable {
        /// The k most probable ids and the probability of all others.
        case topK = "top_k"
        /// Draws from the teacher: few ids, and an unbiased gradient (Anshumann et al. 2025).
        case sampled
    }

    /// Form in which distributions are kept.
    public var encoding: Encoding
    /// IDs kept a position; nil keeps all. For the encoding `topK`.
    public var topK: Int?
    /// Draws a position. For the encoding `sampled`.
    public var samples: Int
    /// Seed of the draws.
    public var seed: UInt64
    /// IDs at or above it are left out before normalising.
    public var commonVocabulary: Int
    /// 0-based layer whose attention weights the visual tokens.
    public var saliencyLayer: Int
    /// Share of a sample's alpha that the visual tokens that are kept carry; 1 keeps all.
    public var saliencyMass: Double
    /// Precision of the teacher's matrix products.
    public var precision: Precision

    /// What a recipe asks of one teacher on this processor.
    public init(_ recipe: CacheSettings, commonVocabulary: Int, saliencyLayer: Int) {
        (encoding, topK, samples, seed) = (recipe.encoding, recipe.topK, recipe.samples, recipe.seed)
        (self.commonVocabulary, self.saliencyLayer) = (commonVocabulary, saliencyLayer)
        (saliencyMass, precision) = (recipe.saliencyMass, recipe.precision.supported)
    }

    /// The recipe's defaults otherwise, but in float32: what measures and checks the arithmetic.
    public init(topK: Int?, commonVocabulary: Int, saliencyLayer: Int) {
        self.init(CacheSettings(), commonVocabulary: commonVocabulary, saliencyLayer: saliencyLayer)
        (self.topK, precision) = (topK, .fp32)
    }

    /// The facts about these settings that a plan must know.
    public var cachedOutputs: CachedOutputs {
        CachedOutputs(
            isSampled: encoding == .sampled,
            holdsAllIDs: encoding == .topK && idsPerPosition == commonVocabulary,
            commonVocabulary: commonVocabulary, saliencyLayer: saliencyLayer, saliencyMass: saliencyMass)
    }

    /// IDs a position that are kept at most.
    package var idsPerPosition: Int {
        encoding == .sampled ? samples : min(topK ?? commonVocabulary, commonVocabulary)
    }

    /// Checks what was read from a file against the bounds of the recipe.
    ///
    /// - Throws: `StoreError.badSetting` naming the setting that makes no sense
    public func validate() throws {
        var recipe = CacheSettings()
        (recipe.encoding, recipe.topK, recipe.samples, recipe.seed) = (encoding, topK, samples, seed)
        (recipe.commonVocabulary, recipe.saliencyLayer) = (commonVocabulary, saliencyLayer)
        recipe.saliencyMass = saliencyMass
        do { try recipe.check() } catch let problem as SettingProblem {
            throw StoreError.badSetting(problem: "\(problem.key) \(problem.problem)")
        }
    }

    /// The settings' part of an entry's key; what does not apply is left out, so that it makes no difference.
    var keyLines: String {
        var lines = [
            encoding == .topK
                ? "top_k \(topK.map { String($0) } ?? "all")" : "sampled \(samples) seed \(seed)"
        ]
        lines += ["common_vocabulary \(commonVocabulary)", "saliency_layer \(saliencyLayer)"]
        if saliencyMass < 1 { lines.append("saliency_mass \(saliencyMass)") }
        // Entries called int8 alone are of another way to round, which left the largest columns in bf16.
        if precision != .fp32 {
            lines.append("precision \(precision == .int8 ? "int8 mixed" : precision.rawValue)")
        }
        return lines.joined(separator: "\n")
    }

    private enum CodingKeys: String, CodingKey {
        case encoding, samples, seed, precision
        case topK = "top_k"
        case commonVocabulary = "common_vocabulary"
        case saliencyLayer = "saliency_layer"
        case saliencyMass = "saliency_mass"
    }

    /// Settings written before there was a choice of precision are those of float32.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            topK: try fields.decodeIfPresent(Int.self, forKey: .topK),
            commonVocabulary: try fields.decode(Int.self, forKey: .commonVocabulary),
            saliencyLayer: try fields.decode(Int.self, forKey: .saliencyLayer))
        encoding = try fields.decode(Encoding.self, forKey: .encoding)
        samples = try fields.decode(Int.self, forKey: .samples)
        seed = try fields.decode(UInt64.self, forKey: .seed)
        saliencyMass = try fields.decode(Double.self, forKey: .saliencyMass)
        precision = try fields.decodeIfPresent(Precision.self, forKey: .precision) ?? .fp32
    }
}
