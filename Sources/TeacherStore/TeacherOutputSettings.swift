import Distillation
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
    public var encoding = Encoding.topK
    /// IDs kept a position; nil keeps all. For the encoding `topK`.
    public var topK: Int?
    /// Draws a position. For the encoding `sampled`.
    public var samples = 64
    /// Seed of the draws.
    public var seed: UInt64 = 0
    /// IDs at or above it are left out before normalising.
    public var commonVocabulary: Int
    /// 0-based layer whose attention weights the visual tokens.
    public var saliencyLayer: Int
    /// Share of a sample's alpha that the visual tokens that are kept carry; 1 keeps all.
    public var saliencyMass = 1.0
    /// Precision of the teacher's matrix products.
    public var precision = Precision.fp32

    public init(topK: Int?, commonVocabulary: Int, saliencyLayer: Int) {
        (self.topK, self.commonVocabulary, self.saliencyLayer) = (topK, commonVocabulary, saliencyLayer)
    }

    /// The facts about these settings that a plan must know.
    public var cachedOutputs: CachedOutputs {
        CachedOutputs(
            isSampled: encoding == .sampled, commonVocabulary: commonVocabulary, saliencyLayer: saliencyLayer,
            saliencyMass: saliencyMass)
    }

    /// IDs a position that are kept at most.
    package var idsPerPosition: Int {
        encoding == .sampled ? samples : min(topK ?? commonVocabulary, commonVocabulary)
    }

    /// - Throws: `StoreError.badSetting` naming the setting that makes no sense
    public func validate() throws {
        func require(_ holds: Bool, _ what: String) throws {
            guard holds else { throw StoreError.badSetting(problem: what) }
        }
        try require(
            encoding != .topK || topK.map { $0 >= 1 } ?? true,
            "top_k is \(topK ?? 0), expected at least 1 (or null for all ids)")
        try require(
            encoding != .sampled || (1...65_535).contains(samples),
            "samples is \(samples), expected 1 to 65535")
        try require(
            commonVocabulary >= 1 && commonVocabulary < 1 << 30,
            "common_vocabulary is \(commonVocabulary), expected 1 to 2^30")
        try require(saliencyLayer >= 0, "saliency_layer is \(saliencyLayer), expected 0 or more")
        try require(
            saliencyMass > 0 && saliencyMass <= 1,
            "saliency_mass is \(saliencyMass), expected more than 0 and at most 1")
    }

    /// The settings' part of an entry's key; what does not apply is left out, so that it makes no difference.
    var keyLines: String {
        var lines = [
            encoding == .topK
                ? "top_k \(topK.map { String($0) } ?? "all")" : "sampled \(samples) seed \(seed)"
        ]
        lines += ["common_vocabulary \(commonVocabulary)", "saliency_layer \(saliencyLayer)"]
        if saliencyMass < 1 { lines.append("saliency_mass \(saliencyMass)") }
        if precision != .fp32 { lines.append("precision \(precision.rawValue)") }
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
