import Models

extension TeacherPlan {
    /// Fails before anything is computed where teacher, cache and settings cannot give what the objective
    /// asks for.
    ///
    /// - Throws: `DistillationError` naming the setting
    public func check(student: LlavaModel, teacher: LlavaModel?) throws {
        _ = try required(teacher)
        try checkOnPolicy()
        try checkSaliency(student: student, teacher: teacher)
        guard let cache else { return }
        let vocabulary = student.language.vocabularySize
        if cache.commonVocabulary > vocabulary {
            throw DistillationError.mismatch(
                what: "common vocabulary of the cached teacher outputs", found: "\(cache.commonVocabulary)",
                expected: "at most the student's \(vocabulary)",
                remedy: "set common_vocabulary in the cache recipe")
        }
        guard cache.isSampled else { return }
        let terms = [("kd", kd, objective.divergences.kd), ("iva", iva, objective.divergences.iva)]
        for (name, source, divergence) in terms where source == .cache && divergence != .forwardKL {
            throw DistillationError.mismatch(
                what: "divergence.\(name)", found: "\(divergence)",
                expected: "forward_kl with cached draws (encoding: sampled)",
                remedy: "draws estimate what is linear in the teacher's probabilities: "
                    + "use 'encoding: top_k', or no --teacher-outputs")
        }
    }

    private func checkOnPolicy() throws {
        guard objective.onPolicy.fraction > 0 else { return }
        func refuse(_ expected: String, _ remedy: String) -> DistillationError {
            .mismatch(
                what: "on_policy.fraction", found: "\(objective.onPolicy.fraction)", expected: expected,
                remedy: remedy)
        }
        if kd == nil, tpa == nil {
            throw refuse(
                "0 without KD and TPA",
                "sampled responses are scored by the teacher: give weights.kd or weights.tpa a value")
        }
        if cache != nil {
            throw refuse(
                "0 with cached teacher outputs",
                "what the student samples is in no cache: the teacher scores it in the loop")
        }
    }

    private func checkSaliency(student: LlavaModel, teacher: LlavaModel?) throws {
        let (source, layer) = (objective.saliencySource, objective.saliencyLayer)
        guard let alphas else { return }
        if alphas != .uniform, let model = alphas == .student ? student : teacher,
            layer >= model.language.configuration.layers
        {
            throw DistillationError.mismatch(
                what: "saliency_layer", found: "\(layer)",
                expected: "0 to \(model.language.configuration.layers - 1)",
                remedy: "the \(source.rawValue) has no other layers")
        }
        if alphas != .cache, let cache, cache.saliencyMass < 1 {
            throw DistillationError.mismatch(
                what: "saliency_mass of the cached teacher outputs", found: "\(cache.saliencyMass)",
                expected: "1",
                remedy: "the outputs hold only the visual tokens that matter to layer \(cache.saliencyLayer) "
                    + "of the teacher; run cache-teacher with 'saliency_mass: 1'")
        }
    }
}

/// Facts about the teacher outputs of a cache that a plan must know.
public struct CachedOutputs: Sendable, Equatable {
    /// Whether distributions are draws from the teacher instead of its most probable ids.
    public var isSampled: Bool
    /// Whether every distribution has the log-probability of each id.
    public var holdsAllIDs: Bool
    /// IDs at or above it are left out.
    public var commonVocabulary: Int
    /// 0-based layer whose attention weights the visual tokens.
    public var saliencyLayer: Int
    /// Share of a sample's alpha whose visual tokens are kept; 1 keeps all.
    public var saliencyMass: Double

    public init(
        isSampled: Bool = false, holdsAllIDs: Bool = false, commonVocabulary: Int, saliencyLayer: Int,
        saliencyMass: Double = 1
    ) {
        (self.isSampled, self.holdsAllIDs) = (isSampled, holdsAllIDs)
        self.commonVocabulary = commonVocabulary
        (self.saliencyLayer, self.saliencyMass) = (saliencyLayer, saliencyMass)
    }

    /// Whether distributions at a temperature follow from those that are held.
    func serves(temperature: Double) -> Bool { temperature == 1 || holdsAllIDs }
}
