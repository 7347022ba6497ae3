import Models

extension AlignmentObjective {
    /// Whether a run needs the teacher itself.
    ///
    /// - Parameter cachedLayer: of the cached outputs' alphas; nil: there are none
    public func needsTeacherInLoop(cachedLayer: Int?) -> Bool {
        guard weights.needsTeacher else { return false }
        guard let cachedLayer, weights.tpa == 0, onPolicy.fraction == 0 else { return true }
        return weights.iva != 0 && saliencySource == .teacher && saliencyLayer != cachedLayer
    }

    /// Fails before anything is computed where teacher, cache and settings cannot give what the objective
    /// asks for.
    ///
    /// - Parameter cached: settings of the cached teacher outputs that KD and IVA read
    /// - Throws: `DistillationError` naming the setting
    public func check(student: LlavaModel, teacher: LlavaModel?, cached: CachedOutputs?) throws {
        func refuse(_ what: String, _ found: String, _ expected: String, _ remedy: String) throws {
            throw DistillationError.mismatch(what: what, found: found, expected: expected, remedy: remedy)
        }
        if onPolicy.fraction > 0 {
            guard weights.kd != 0 || weights.tpa != 0 else {
                return try refuse(
                    "on_policy.fraction", "\(onPolicy.fraction)", "0 without KD and TPA",
                    "sampled responses are scored by the teacher: give weights.kd or weights.tpa a value")
            }
            guard teacher != nil else { throw DistillationError.missingTeacher(term: "on_policy") }
            guard cached == nil else {
                return try refuse(
                    "on_policy.fraction", "\(onPolicy.fraction)", "0 with cached teacher outputs",
                    "what the student samples is in no cache: the teacher scores it in the loop")
            }
        }
        try checkSaliency(student: student, teacher: teacher, cached: cached)
        guard let cached, cached.isSampled else { return }
        let terms = [("kd", weights.kd, divergences.kd), ("iva", weights.iva, divergences.iva)]
        for (name, weight, divergence) in terms where weight != 0 && divergence != .forwardKL {
            try refuse(
                "divergence.\(name)", "\(divergence)", "forward_kl with cached draws (encoding: sampled)",
                "draws estimate what is linear in the teacher's probabilities: use 'encoding: top_k', or no --teacher-outputs"
            )
        }
    }

    private func checkSaliency(student: LlavaModel, teacher: LlavaModel?, cached: CachedOutputs?)
        throws
    {
        guard weights.iva != 0 else { return }
        let model = saliencySource == .student ? student : teacher
        if saliencySource != .uniform, let model, saliencyLayer >= model.language.configuration.layers {
            throw DistillationError.mismatch(
                what: "saliency_layer", found: "\(saliencyLayer)",
                expected: "0 to \(model.language.configuration.layers - 1)",
                remedy: "the \(saliencySource.rawValue) has no other layers")
        }
        guard let cached else { return }
        let own = saliencySource == .teacher && saliencyLayer == cached.saliencyLayer
        if saliencySource == .teacher, !own, teacher == nil {
            throw DistillationError.mismatch(
                what: "saliency_layer", found: "\(saliencyLayer)",
                expected: "that of the cached teacher outputs, \(cached.saliencyLayer)",
                remedy: "leave it out, set it in the cache recipe too, or give --teacher")
        }
        if !own, cached.saliencyMass < 1 {
            throw DistillationError.mismatch(
                what: "saliency_mass of the cached teacher outputs", found: "\(cached.saliencyMass)",
                expected: "1",
                remedy:
                    "the outputs hold only the visual tokens that matter to layer \(cached.saliencyLayer) of the teacher; run cache-teacher with 'saliency_mass: 1'"
            )
        }
    }
}

/// What the objective must know of the teacher outputs that a cache holds.
public struct CachedOutputs: Sendable, Equatable {
    /// Whether distributions are draws from the teacher instead of its most probable ids.
    public var isSampled: Bool
    /// IDs at or above it are left out.
    public var commonVocabulary: Int
    /// 0-based layer whose attention weights the visual tokens.
    public var saliencyLayer: Int
    /// Share of a sample's alpha whose visual tokens are kept; 1 keeps all.
    public var saliencyMass: Double

    public init(isSampled: Bool, commonVocabulary: Int, saliencyLayer: Int, saliencyMass: Double) {
        (self.isSampled, self.commonVocabulary) = (isSampled, commonVocabulary)
        (self.saliencyLayer, self.saliencyMass) = (saliencyLayer, saliencyMass)
    }
}
