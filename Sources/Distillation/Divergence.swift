import CKernels
import Settings

/// Distance of the student's distribution q from the teacher's p, in nats.
///
/// Each is `a KL(p ‖ m) + b KL(q ‖ m)` with the mixture `m = λ p + (1 - λ) q`, and an f-divergence: merging
/// outcomes cannot raise it.
public enum Divergence: Sendable, Hashable {
    /// KL(p ‖ q), which covers all that the teacher might say.
    case forwardKL
    /// KL(q ‖ p), which seeks a mode of the teacher (Gu et al. 2024, MiniLLM).
    case reverseKL
    /// β KL(p ‖ m) + (1 - β) KL(q ‖ m), m = β p + (1 - β) q (Agarwal et al. 2024, GKD). Symmetric at ½.
    case jensenShannon(beta: Double)
    /// KL(p ‖ α p + (1 - α) q) (Ko et al. 2024, DistiLLM). Forward KL at 0.
    case skewedKL(alpha: Double)
    /// KL(q ‖ α q + (1 - α) p) (the same). Reverse KL at 0.
    case skewedReverseKL(alpha: Double)

    /// Name of a divergence in recipes.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case forwardKL = "forward_kl"
        case reverseKL = "reverse_kl"
        case jensenShannon = "jsd"
        case skewedKL = "skewed_kl"
        case skewedReverseKL = "skewed_reverse_kl"
    }

    /// - Parameters:
    ///   - beta: of the Jensen-Shannon divergence, above 0 and below 1
    ///   - alpha: of the skewed ones, from 0 and below 1
    public init(_ kind: Kind, beta: Double, alpha: Double) {
        self =
            switch kind {
            case .forwardKL: .forwardKL
            case .reverseKL: .reverseKL
            case .jensenShannon: .jensenShannon(beta: beta)
            case .skewedKL: .skewedKL(alpha: alpha)
            case .skewedReverseKL: .skewedReverseKL(alpha: alpha)
            }
    }

    /// The divergence as λ, a and b.
    var mixture: ck_mixture {
        let (lambda, a, b): (Double, Double, Double) =
            switch self {
            case .forwardKL: (0, 1, 0)
            case .reverseKL: (1, 0, 1)
            case .jensenShannon(let beta): (beta, beta, 1 - beta)
            case .skewedKL(let alpha): (alpha, 1, 0)
            case .skewedReverseKL(let alpha): (1 - alpha, 0, 1)
            }
        return ck_mixture(lambda: Float(lambda), a: Float(a), b: Float(b), weight: 0, mean_slope: 0)
    }
}

/// The divergence of each term, and the temperature of the distributions that they compare.
public struct TermDivergences: Sendable, Equatable {
    /// The divergence of KD, of IVA and of TPA.
    public var kd, iva, tpa: Divergence
    /// T: the logits of both models are divided by it before the softmax (Hinton et al. 2015).
    public var temperature = 1.0
    /// Whether divergences are multiplied by T²: their gradient falls as 1 / T².
    public var temperatureSquared = true

    public init(kd: Divergence = .forwardKL, iva: Divergence = .forwardKL, tpa: Divergence = .forwardKL) {
        (self.kd, self.iva, self.tpa) = (kd, iva, tpa)
    }

    /// What every divergence is multiplied by.
    var factor: Double { temperatureSquared ? temperature * temperature : 1 }

    /// Those that differ.
    var distinct: [Divergence] {
        [kd, iva, tpa].reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

/// The divergence of each term, as recipes spell it.
public struct DivergenceSettings: Recipe, Equatable {
    @Setting("Divergence of KD.") public var kd = Divergence.Kind.forwardKL
    @Setting("Divergence of IVA.") public var iva = Divergence.Kind.forwardKL
    @Setting("Divergence of TPA.") public var tpa = Divergence.Kind.forwardKL
    @Setting("Share of the teacher in the mixture of jsd.", in: Bounds.above(0, below: 1))
    public var beta = 0.5
    @Setting(
        "Share alpha in the mixture of the skewed divergences (DistiLLM): of the teacher in skewed_kl, of "
            + "the student in skewed_reverse_kl.", in: 0..<1)
    public var alpha = 0.1
    @Setting(
        "T of KD, IVA and TPA: the logits of teacher and student are divided by it before the softmax.",
        in: 0.05...100)
    public var temperature = 1.0
    @Setting(
        "Whether these terms are multiplied by T^2 (Hinton et al. 2015), so that their gradient keeps its "
            + "size beside that of SFT.")
    public var temperatureSquared = true

    public init() {}

    /// The divergences themselves.
    public var terms: TermDivergences {
        func make(_ kind: Divergence.Kind) -> Divergence { Divergence(kind, beta: beta, alpha: alpha) }
        var terms = TermDivergences(kd: make(kd), iva: make(iva), tpa: make(tpa))
        (terms.temperature, terms.temperatureSquared) = (temperature, temperatureSquared)
        return terms
    }
}
