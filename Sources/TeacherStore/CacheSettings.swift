import Models
import Settings
import Tensors

/// What is computed of a teacher for the store. `TeacherOutputSettings` is what becomes of it for one
/// teacher.
public struct CacheSettings: Recipe, Equatable {
    @Setting(
        "How a distribution is kept: top_k, the most probable ids and the rest as one; sampled, draws from "
            + "the teacher, whose gradient is unbiased.")
    public var encoding = TeacherOutputSettings.Encoding.topK
    @Setting("IDs kept a position, with top_k.", in: 1...1_000_000, null: "all (small vocabularies)")
    public var topK: Int? = 64
    @Setting("Draws a position, with sampled.", in: 1...65_535) public var samples = 64
    @Setting("Seed of these draws.") public var seed: UInt64 = 0
    @Setting(
        "IDs at or above it are left out before normalising. Set it to the smallest student's vocabulary.",
        in: 1...536_870_912, null: "the teacher's vocabulary")
    public var commonVocabulary: Int?
    @Setting(
        "0-based layer of the teacher whose attention weights the visual tokens of IVA.", in: 0...10_000,
        null: "the one with the highest relevance, which is measured", equation: "Eq. 3 and 4")
    public var saliencyLayer: Int?
    @Setting(
        "Only the visual tokens that carry this share of a sample's alpha are kept; 1 keeps all.",
        in: Bounds.above(0, to: 1))
    public var saliencyMass = 1.0
    @Setting("How the relevance of the layers is measured.", equation: "Eq. 4")
    public var relevance = Relevance()
    @Setting(
        "Precision of matrix products; int8 takes half of bf16's memory and nearly half of its time. Without "
            + "bf16 instructions bf16 is fp32, without those for int8 (VNNI) int8 is bf16; what was used is "
            + "part of an entry's name.")
    public var precision = Precision.bf16
    @Setting("What a teacher in int8 is held to.") public var int8 = QuantizationError.Settings()
    @Setting("Rows of one forward pass at most.", unit: "tokens", in: 1...10_000_000)
    public var microBatchRows = 8192

    /// How the relevance of the layers is measured.
    public struct Relevance: Recipe, Equatable {
        @Setting("Random pairs of inputs that are compared; the paper has 1,000.", in: 1...1_000_000)
        public var pairs = 1000
        @Setting("Enough is known when every layer's standard error is below this.", in: 0...)
        public var standardError = 0.002
        @Setting("Seed of the pairs.") public var seed: UInt64 = 0

        public init() {}
    }

    public init() {}

    /// The settings of a teacher's outputs.
    ///
    /// - Parameter layer: the measured one, where the recipe names none
    public func outputs(_ teacher: LlavaConfiguration, layer: Int) -> TeacherOutputSettings {
        TeacherOutputSettings(
            self, commonVocabulary: commonVocabulary ?? teacher.text.vocabulary,
            saliencyLayer: saliencyLayer ?? layer)
    }

    /// Checks what cannot be said of the recipe alone.
    ///
    /// - Throws: `SettingProblem`
    public func check(for teacher: LlavaConfiguration) throws {
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
