import Models
import Records

/// Suppliers of what a run compares the student with, chosen once from the objective and the teacher outputs
/// that there are.
public struct TeacherPlan: Sendable, CustomStringConvertible {
    /// Supplier of distributions or weights.
    public enum Source: String, Sendable {
        /// The teacher, run in the loop.
        case loop
        /// Cached teacher outputs.
        case cache
        /// The student's own attention weights.
        case student
        /// Nobody: all weights are equal.
        case uniform
    }

    /// The objective that the plan serves.
    public let objective: AlignmentObjective
    /// The cached outputs there are for KD and IVA; nil: none, or no use for them.
    public let cache: CachedOutputs?
    /// Supplier of the distributions at the response rows (KD), at the visual rows (IVA), and after
    /// candidates (TPA); nil where the term has no weight.
    public let kd, iva, tpa: Source?
    /// Supplier of the weights of the visual rows; nil where IVA has no weight.
    public let alphas: Source?

    /// The cheapest choice.
    ///
    /// TPA has the teacher in the loop and needs its logits at every response row, for candidates that equal
    /// the ground truth: KD gets them there for nothing, and over the whole vocabulary. The visual rows would
    /// cost the teacher's head N_v times more, and its attention weights: those come from the cache, where
    /// there is one that has the objective's layer. Distributions at another temperature than 1 follow from
    /// all log-probabilities only, so without them the teacher in the loop supplies them.
    ///
    /// - Parameter cache: outputs there are for the run's data; nil: none
    public init(_ objective: AlignmentObjective, cache: CachedOutputs? = nil) {
        let weights = objective.weights
        self.objective = objective
        self.cache = weights.readsOutputs ? cache : nil
        let temperature = objective.divergences.temperature
        let inPlace: Source = cache?.serves(temperature: temperature) ?? false ? .cache : .loop
        tpa = weights.tpa == 0 ? nil : .loop
        kd = weights.kd == 0 ? nil : weights.tpa == 0 ? inPlace : .loop
        iva = weights.iva == 0 ? nil : inPlace
        alphas =
            switch objective.saliencySource {
            case _ where weights.iva == 0: nil
            case .uniform: .uniform
            case .student: .student
            case .teacher: cache?.saliencyLayer == objective.saliencyLayer ? .cache : .loop
            }
    }

    private var suppliers: [Source?] { [kd, iva, tpa, alphas] }
    /// Whether the teacher is run in the loop.
    public var needsTeacher: Bool { suppliers.contains(.loop) }
    /// Whether cached outputs are read.
    public var readsCache: Bool { suppliers.contains(.cache) }

    /// The teacher to run in the loop, or nil where none is needed.
    ///
    /// - Parameter teacher: the one there is
    /// - Throws: `DistillationError` where there is none and the plan needs one
    public func required(_ teacher: LlavaModel?) throws -> LlavaModel? {
        guard needsTeacher else { return nil }
        if let teacher { return teacher }
        let temperature = objective.divergences.temperature
        if let cache, tpa == nil, !cache.serves(temperature: temperature) {
            throw DistillationError.mismatch(
                what: "divergence.temperature", found: "\(temperature)",
                expected: "1 with cached teacher outputs that do not hold all ids",
                remedy: "give --teacher, which is then run in the loop, or run cache-teacher with "
                    + "'top_k: null'")
        }
        if let cache, ![kd, iva, tpa].contains(.loop) {
            throw DistillationError.mismatch(
                what: "saliency_layer", found: "\(objective.saliencyLayer)",
                expected: "that of the cached teacher outputs, \(cache.saliencyLayer)",
                remedy: "leave it out, set it in the cache recipe too, or give --teacher")
        }
        throw DistillationError.missingTeacher(term: tpa != nil ? "TPA" : iva != nil ? "IVA" : "KD")
    }

    /// One line for people: each term and its supplier.
    public var description: String {
        let weighted =
            switch alphas {
            case .uniform: " with equal weights"
            case .student: " with the student's attention"
            case .loop where iva == .cache:
                " with the attention of the teacher's layer \(objective.saliencyLayer) in the loop"
            default: ""
            }
        let terms = [("KD", kd, ""), ("IVA", iva, weighted), ("TPA", tpa, "")]
        return terms.compactMap { name, source, addition in
            source.map {
                "\(name) from \($0 == .cache ? "the cache" : "the teacher in the loop")\(addition)"
            }
        }.joined(separator: ", ")
    }
}
