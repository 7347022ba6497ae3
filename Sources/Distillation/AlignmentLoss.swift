import Autograd
import Models
import Records
import Tensors

/// What a distillation step optimises (Eq. 8) and how.
public struct AlignmentObjective: Sendable {
    /// A weight of 0 removes the term and its cost.
    public var weights: LossTerms
    public var divergences = TermDivergences()
    public var candidates: CandidateRule
    public var saliencySource = SaliencySource.teacher
    /// 0-based layer of that model whose attention weights the visual tokens.
    public var saliencyLayer: Int
    public var onPolicy = OnPolicyRule()
    /// Forget activations inside blocks and compute them again for the gradient.
    public var recompute = false

    public init(
        weights: LossTerms, candidates: CandidateRule = CandidateRule(count: 4), saliencyLayer: Int = 0
    ) {
        (self.weights, self.candidates, self.saliencyLayer) = (weights, candidates, saliencyLayer)
    }
}

/// Divisors of the terms: those of the whole optimizer step, whatever its micro-batches and workers
/// (docs/objective.md, Averages).
public struct StepTotals: Sendable, Equatable {
    public var supervisedTokens: Int  // N_tok of SFT
    /// N_tok of KD and TPA; differs from SFT's where responses are the student's own.
    public var distilledTokens: Int
    public var samples: Int  // B

    /// - Parameter distilledTokens: nil: the supervised ones
    public init(supervisedTokens: Int, distilledTokens: Int? = nil, samples: Int) {
        (self.supervisedTokens, self.samples) = (supervisedTokens, samples)
        self.distilledTokens = distilledTokens ?? supervisedTokens
    }
}

/// Where the candidates of a step come from.
public enum CandidateSource: Sendable {
    /// Drawn from the student; the random numbers are keyed by (seed, sample, step, position).
    case drawn(seed: UInt64, step: UInt64)
    /// Per sample and position; empty where there is none.
    case given([[[Int32]]])
}

/// Loss of one micro-batch, and what became of its candidates.
public struct AlignmentResult {
    public let loss: Value  // [1]
    public let terms: LossTerms
    public let trunk: HeadLoss.Result
    /// The rows that `trunk.values` belong to.
    public let trunkRows: [LossRow]
    public let branches: CandidateBranches
    public let branchValues: [LossRowValue]
    /// Wall time of the teacher's forward passes.
    public let teacherSeconds: Double
    public let passes: ForwardPasses
}

/// The four losses for a student, a teacher and a batch (docs/objective.md, Trunk once).
public struct AlignmentLoss {
    public let student: LlavaModel
    public let teacher: LlavaModel?
    public var objective: AlignmentObjective
    /// `min(V_T, V_S)`, and no more than a cache knows.
    public let common: Int
    /// Both see through the same frozen tower: its features are computed once.
    private let sharesTower: Bool
    /// Whether cached alphas are those of the objective's layer; otherwise the teacher in the loop makes
    /// them.
    private let cachedSaliency: Bool

    /// - Parameters:
    ///   - commonVocabulary: of the cached teacher outputs, where there are any
    ///   - cachedLayer: whose alphas they hold; nil: the objective's
    public init(
        student: LlavaModel, teacher: LlavaModel?, objective: AlignmentObjective,
        commonVocabulary: Int? = nil,
        cachedLayer: Int? = nil
    ) {
        (self.student, self.teacher, self.objective) = (student, teacher, objective)
        cachedSaliency = cachedLayer.map { $0 == objective.saliencyLayer } ?? true
        common = min(
            student.language.vocabularySize, teacher?.language.vocabularySize ?? .max,
            commonVocabulary ?? .max)
        sharesTower = teacher.map { student.hasFrozenTower(of: $0) } ?? false
    }

    /// - Parameters:
    ///   - totals: of the optimizer step this batch is part of
    ///   - cached: the teacher's outputs per sample, for KD and IVA; nil takes them from the teacher in the
    ///     loop
    ///   - features: of the student's tower for the batch's images, when they are at hand
    public func callAsFunction(
        _ batch: AlignmentBatch, totals: StepTotals, candidates: CandidateSource,
        cached: [CachedSample]? = nil,
        features: Value? = nil
    ) throws -> AlignmentResult {
        let weights = objective.weights
        let clock = ContinuousClock()
        var teacherTime = Duration.zero
        func timed<Result>(_ body: () throws -> Result) rethrows -> Result {
            let start = clock.now
            defer { teacherTime += clock.now - start }
            return try body()
        }
        let features = try features ?? batch.features(student)
        let teacherTrunk = try timed {
            try runTeacher(batch, cached: cached, features: sharesTower ? features : nil)
        }
        let output = student.language.forward(
            try batch.embeddings(student, features: features), positions: batch.positions,
            layout: batch.layout,
            observing: weights.iva != 0 && objective.saliencySource == .student
                ? [objective.saliencyLayer] : [],
            recompute: objective.recompute)
        let times = objective.recompute ? 2 : 1  // once more for the gradient
        var passes = ForwardPasses()
        if teacherTrunk != nil { passes.addTeacher(samples: batch.samples.count, rows: batch.rows) }
        passes.addStudent(samples: batch.samples.count, rows: batch.rows, times: times)
        let rows = LossRows(
            batch, weights: weights, totals: totals, saliency: saliency(output, teacherTrunk, batch, cached),
            cached: cached,
            teacherInLoop: teacherTrunk != nil)
        var branches = CandidateBranches(batch: batch, count: objective.candidates.count)
        let head = HeadLoss(weights: weights, common: common, divergences: objective.divergences)
        var trunkRows = rows.rows
        let trunk = head(
            hidden: output.hidden, head: student.language.head, rows: rows.rows,
            teacher: teacherTrunk.flatMap { trunk in
                teacher.map { TeacherLogits(hidden: trunk.hidden.data, head: $0.language.head) }
            },
            cached: rows.targets, draw: weights.tpa == 0 ? nil : draw(rows, batch, candidates)
        ) { index, ids, rows in
            let (sample, position) = (batch.sample(ofRow: Int(rows[index].row)), rows[index].row)
            // Candidates equal to y_t: the transition out of them is the next trunk row's
            // (docs/objective.md, Trunk once).
            let merged = branches.add(
                ids, sample: sample, predictedFrom: Int(position) - batch.starts[sample])
            rows[index + 1].share.tpa +=
                Double(merged) / Double(objective.candidates.count * totals.distilledTokens)
            trunkRows[index + 1] = rows[index + 1]
        }
        guard !branches.isEmpty, let teacher, let teacherTrunk else {
            return AlignmentResult(
                loss: trunk.loss, terms: trunk.terms, trunk: trunk, trunkRows: trunkRows, branches: branches,
                branchValues: [],
                teacherSeconds: teacherTime / .seconds(1), passes: passes)
        }
        let studentBranch = branches.run(
            student.language, trunk: output.layers, recompute: objective.recompute)
        let teacherBranch = timed {
            branches.run(teacher.language, trunk: teacherTrunk.layers, recompute: false)
        }
        passes.addStudent(samples: branches.samples, rows: branches.branches.count, times: times)
        passes.addTeacher(samples: branches.samples, rows: branches.branches.count)
        let branch = head(
            hidden: studentBranch, head: student.language.head, rows: branches.lossRows(totals: totals),
            teacher: TeacherLogits(hidden: teacherBranch.data, head: teacher.language.head))
        return AlignmentResult(
            loss: trunk.loss + branch.loss, terms: trunk.terms + branch.terms, trunk: trunk,
            trunkRows: trunkRows,
            branches: branches, branchValues: branch.values, teacherSeconds: teacherTime / .seconds(1),
            passes: passes)
    }

    private func runTeacher(_ batch: AlignmentBatch, cached: [CachedSample]?, features: Value?) throws
        -> LanguageOutput?
    {
        let weights = objective.weights
        let needsSaliency =
            weights.iva != 0 && objective.saliencySource == .teacher && !(cached != nil && cachedSaliency)
        let fromCache = cached != nil && weights.tpa == 0 && !needsSaliency
        guard weights.needsTeacher, !fromCache else { return nil }
        guard let teacher else {
            throw DistillationError.missingTeacher(
                term: weights.tpa != 0 ? "TPA" : weights.iva != 0 ? "IVA" : "KD")
        }
        let layers: Set<Int> = needsSaliency ? [objective.saliencyLayer] : []
        return teacher.language.forward(
            try batch.embeddings(teacher, features: features), positions: batch.positions,
            layout: batch.layout,
            observing: layers
        )
    }

    /// Weights of the visual tokens, per sample; constants for the gradient.
    private func saliency(
        _ student: LanguageOutput, _ teacherTrunk: LanguageOutput?, _ batch: AlignmentBatch,
        _ cached: [CachedSample]?
    ) -> [[Float]] {
        guard objective.weights.iva != 0 else { return [] }
        let layer = objective.saliencyLayer
        switch objective.saliencySource {
        case .uniform: return uniformSaliency(batch)
        case .student:
            return visualSaliency(
                student, layer: layer, batch: batch, headSize: self.student.language.headSize)
        case .teacher:
            if let cached, cachedSaliency { return cached.map(\.saliency) }
            guard let teacherTrunk, let teacher else { return [] }
            return visualSaliency(
                teacherTrunk, layer: layer, batch: batch, headSize: teacher.language.headSize)
        }
    }

    private func draw(_ rows: LossRows, _ batch: AlignmentBatch, _ source: CandidateSource) -> CandidateDraw {
        let (rule, rowList) = (objective.candidates, rows.rows)
        return { index, logits, _ in
            let row = rowList[index]
            let sample = batch.sample(ofRow: Int(row.row))
            guard row.label >= 0, batch.samples[sample].terms.tpa != 0 else { return [] }
            // The position of the token that the candidates stand in for.
            let position = Int(row.row) - batch.starts[sample] + 1
            switch source {
            case .given(let ids): return ids[sample][position]
            case .drawn(let seed, let step):
                return rule.draw(
                    logits, random: CounterRandom(seed, batch.samples[sample].key, step, UInt64(position)))
            }
        }
    }
}
