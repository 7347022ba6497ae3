import Autograd
import Models
import Records
import Tensors

/// Loss of one micro-batch, and what became of its candidates.
public struct AlignmentResult {
    /// The weighted sum of the terms, `[1]`.
    public let loss: Value
    /// Each term before its weight.
    public let terms: LossTerms
    /// The trunk's rows, their losses, and the candidates drawn after them.
    public let trunk: HeadLoss.Result
    /// The candidates that were run.
    public let branches: CandidateBranches
    /// The branches' rows and their losses, in the order of the branches; nil where none were run.
    public let branch: HeadLoss.Result?

    /// Losses of the branches, in their order.
    public var branchValues: [LossRowValue] { branch?.values ?? [] }
}

/// The four losses for a student, a teacher and a batch (docs/objective.md, Trunk once).
public struct AlignmentLoss {
    /// The model that learns.
    public let student: LlavaModel
    /// The model in the loop; nil where the plan needs none.
    public let teacher: LlavaModel?
    /// Who supplies what the student is compared with.
    public let plan: TeacherPlan
    /// `min(V_T, V_S)`, and no more than a cache knows.
    public let common: Int
    /// Whether both see through the same frozen tower, whose features are then computed once.
    private let sharesTower: Bool

    public init(student: LlavaModel, teacher: LlavaModel?, plan: TeacherPlan) {
        (self.student, self.teacher, self.plan) = (student, teacher, plan)
        common = min(
            student.language.vocabularySize, teacher?.language.vocabularySize ?? .max,
            plan.cache?.commonVocabulary ?? .max)
        sharesTower = teacher.map { student.hasFrozenTower(of: $0) } ?? false
    }

    /// The losses of a run without cached outputs.
    public init(student: LlavaModel, teacher: LlavaModel?, objective: AlignmentObjective) {
        self.init(student: student, teacher: teacher, plan: TeacherPlan(objective))
    }

    private var objective: AlignmentObjective { plan.objective }

    /// Runs the models over a batch and takes the losses.
    ///
    /// - Parameters:
    ///   - totals: those of the optimizer step this batch is part of
    ///   - cached: the teacher's outputs per sample, where the plan reads a cache
    ///   - features: those of the student's tower for the batch's images, when they are at hand
    ///   - clock: told of every pass of a language model
    ///   - observes: whether rows with a label are looked at more closely (`RowObservation`)
    /// - Throws: `DistillationError.missingTeacher`; `ModelsError` where the images do not fit a model
    public func callAsFunction(
        _ batch: AlignmentBatch, totals: StepTotals, candidates: CandidateSource,
        cached: [CachedSample]? = nil, features: Value? = nil, clock: StepClock = StepClock(),
        observes: Bool = false
    ) throws -> AlignmentResult {
        precondition(cached != nil || !plan.readsCache, "AlignmentLoss: the plan reads a cache")
        let features = try features ?? batch.features(student)
        let teacherTrunk = try runTeacher(batch, features: sharesTower ? features : nil, clock)
        let studentTrunk = try runStudent(batch, features: features, clock)
        var head = HeadLoss(
            weights: objective.weights, common: common, divergences: objective.divergences)
        head.observes = observes
        let trunk = head(
            hidden: studentTrunk.hidden, head: student.language.head,
            rows: LossRows(
                batch, plan: plan, totals: totals,
                saliency: saliency(studentTrunk, teacherTrunk, batch, cached), cached: cached),
            teacher: logits(teacherTrunk?.hidden),
            draw: objective.weights.tpa == 0 ? nil : draw(batch, candidates))
        let branches = CandidateBranches(batch, trunk)
        guard !branches.isEmpty, let teacher, let teacherTrunk else {
            return AlignmentResult(
                loss: trunk.loss, terms: trunk.terms, trunk: trunk, branches: branches, branch: nil)
        }
        let sequences = objective.candidates.oneByOne ? branches.sequences : nil
        let samples = sequences?.samples.count ?? branches.samples
        let rows = sequences?.rows ?? branches.branches.count
        let studentBranches = try clock.student(
            samples: samples, rows: rows, recomputes: objective.recompute
        ) {
            try sequences.map {
                try CandidateBranches.run($0, student, features: features, recompute: objective.recompute)
            } ?? branches.run(student.language, trunk: studentTrunk.layers, recompute: objective.recompute)
        }
        let teacherBranches = try clock.teacher(samples: samples, rows: rows) {
            try sequences.map {
                try CandidateBranches.run(
                    $0, teacher, features: sharesTower ? features : nil, recompute: false)
            } ?? branches.run(teacher.language, trunk: teacherTrunk.layers, recompute: false)
        }
        let branch = head(
            hidden: studentBranches, head: student.language.head,
            rows: branches.lossRows(candidates: objective.candidates.count, totals: totals),
            teacher: logits(teacherBranches))
        return AlignmentResult(
            loss: trunk.loss + branch.loss, terms: trunk.terms + branch.terms, trunk: trunk,
            branches: branches, branch: branch)
    }

    private func runStudent(_ batch: AlignmentBatch, features: Value?, _ clock: StepClock) throws
        -> LanguageOutput
    {
        try clock.student(
            samples: batch.samples.count, rows: batch.computedRows, recomputes: objective.recompute
        ) {
            student.language.forward(
                try batch.embeddings(student, features: features), positions: batch.positions,
                layout: batch.layout, sharing: batch.sharing,
                observing: plan.alphas == .student ? [objective.saliencyLayer] : [],
                recompute: objective.recompute)
        }
    }

    /// - Returns: nil where the plan needs no teacher
    private func runTeacher(_ batch: AlignmentBatch, features: Value?, _ clock: StepClock) throws
        -> LanguageOutput?
    {
        guard let teacher = try plan.required(teacher) else { return nil }
        return try clock.teacher(samples: batch.samples.count, rows: batch.computedRows) {
            teacher.language.forward(
                try batch.embeddings(teacher, features: features), positions: batch.positions,
                layout: batch.layout, sharing: batch.sharing,
                observing: plan.alphas == .loop ? [objective.saliencyLayer] : [])
        }
    }

    private func logits(_ hidden: Value?) -> TeacherLogits? {
        guard let hidden, let teacher else { return nil }
        return TeacherLogits(hidden: hidden.data, head: teacher.language.head)
    }

    /// Weights of the visual tokens, per sample; constants for the gradient.
    private func saliency(
        _ student: LanguageOutput, _ teacher: LanguageOutput?, _ batch: AlignmentBatch,
        _ cached: [CachedSample]?
    ) -> [[Float]] {
        func alpha(_ output: LanguageOutput?, _ model: LlavaModel?) -> [[Float]] {
            guard let output, let model else { return [] }
            return visualSaliency(
                output, layer: objective.saliencyLayer, batch: batch, headSize: model.language.headSize)
        }
        return switch plan.alphas {
        case nil: []
        case .uniform: uniformSaliency(batch)
        case .student: alpha(student, self.student)
        case .loop: alpha(teacher, self.teacher)
        case .cache: cached?.map(\.saliency) ?? []
        }
    }

    private func draw(_ batch: AlignmentBatch, _ source: CandidateSource) -> CandidateDraw {
        let rule = objective.candidates
        return { row, logits in
            let sample = batch.sample(ofRow: Int(row.row))
            let position = Int(row.row) - batch.starts[sample] + 1  // of the token they stand in for
            switch source {
            case .given(let ids): return ids[sample][position]
            case .drawn(let seed, let step):
                return rule.draw(
                    logits, random: CounterRandom(seed, batch.samples[sample].key, step, UInt64(position)))
            }
        }
    }
}
