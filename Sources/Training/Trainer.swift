import Autograd
import Distillation
import Foundation
import Models
import Ranks
import Records
import Shards
import TeacherStore
import Tensors

/// Training of a student, a projector or a teacher: the objective's weights say which.
public final class Trainer {
    /// Progress of a run.
    public enum Event {
        /// A damaged file of an earlier attempt, renamed so that nothing of it is lost.
        case setAside(path: String, problem: String)
        case resumed(step: Int)
        /// There is no whole state: the run begins with its first step.
        case beginning
        case step(StepMetrics)
        case stateWritten(step: Int)
        /// What the held-back samples say after so many steps, and whether their loss was never lower.
        case validated(steps: Int, ValidationMetrics, isBest: Bool)
        /// Something to look at, as a sentence that begins with the step.
        case warning(String)
    }

    /// The model that is trained.
    public let student: LlavaModel
    /// Optimizer steps of the run.
    public let steps: Int
    /// One for the student, and one for each replica.
    let losses: [AlignmentLoss]
    let batches: MicroBatches
    let onPolicy: OnPolicyResponses?
    let settings: TrainingSettings
    let optimizer: AdamW
    let schedule: LearningRateSchedule
    /// Held but while gradients are computed: then weights, moments and files are those of the last step.
    let changing = NSLock()
    /// Saves the last step's state; nil before `run` takes steps and when all are done. Guarded by
    /// `changing`.
    private var saveLast: (() throws -> Int)?
    /// Whether `run` has done all steps. Guarded by `changing`.
    public private(set) var isFinished = false
    /// The processes that share the work.
    let ranks: Ranks
    private let validation: Validation?

    /// - Parameters:
    ///   - teacher: the one to run in the loop, where the plan needs one, and to validate with
    ///   - cached: the teacher's outputs that the plan reads
    ///   - plan: who supplies what the student is compared with; of the settings' objective
    ///   - endOfSequenceIDs: end a response that the student samples
    ///   - ranks: processes that share the work of every step; all make the same trainer
    ///   - validation: samples that are not trained on, to look at now and then
    /// - Throws: `TrainingError`, `DistillationError`, `SettingProblem` before anything is computed
    public init(
        student: LlavaModel, teacher: LlavaModel?, cached: CachedTeacher?, dataset: ShardDataset,
        settings: TrainingSettings, plan: TeacherPlan, endOfSequenceIDs: Set<Int32> = [],
        ranks: Ranks = .alone, validation: ShardDataset? = nil
    ) throws {
        guard dataset.count > 0 else { throw TrainingError.noSamples(path: dataset.path) }
        guard plan.objective.weights != LossTerms() else { throw TrainingError.nothingToLearn }
        let everyTeacher = teacher
        let teacher = try plan.required(teacher)
        try settings.check(forStudent: student.configuration)
        let parameters = Self.trained(student, settings)
        guard !parameters.isEmpty else { throw TrainingError.nothingToTrain }
        guard ranks.count <= settings.lanes else {
            throw TrainingError.fewLanes(lanes: settings.lanes, ranks: ranks.count)
        }
        try plan.check(student: student, teacher: teacher)
        (self.student, self.settings, self.ranks) = (student, settings, ranks)
        // More than there are lanes for have nothing to do.
        let copies = max(1, min(settings.replicas, settings.lanes / ranks.count))
        let replicas = try (1..<copies).map { _ in
            try student.replica(trainable: settings.trainable)
        }
        losses = ([student] + replicas).map {
            AlignmentLoss(student: $0, teacher: teacher, plan: plan)
        }
        onPolicy =
            plan.objective.onPolicy.fraction > 0
            ? OnPolicyResponses(
                student: student, objective: plan.objective, endOfSequenceIDs: endOfSequenceIDs,
                common: losses[0].common)
            : nil
        optimizer = AdamW(
            parameters, settings: settings.optimizer, layers: student.configuration.text.layers, ranks: ranks)
        batches = MicroBatches(
            dataset, cached: cached,
            stream: try SampleStream(
                dataset, batchSize: settings.batchSize, epochs: settings.epochs, steps: settings.steps,
                seed: settings.seed, fraction: settings.dataFraction, mixture: settings.mixture,
                groupImages: settings.groupImages),
            rowLimit: settings.microBatchRows, lanes: settings.lanes, groupImages: settings.groupImages,
            ranks: ranks)
        self.validation = try validation.map { dataset in
            guard dataset.count > 0 else { throw TrainingError.noSamples(path: dataset.path) }
            return try Validation(
                student: student, teacher: settings.validation.teacher ? everyTeacher : nil,
                dataset: dataset, objective: plan.objective, settings: settings, ranks: ranks)
        }
        steps = batches.steps
        schedule = LearningRateSchedule(
            settings.schedule, peak: settings.optimizer.learningRate, steps: steps)
    }

    /// The parameters of a model, or of a replica, that learn.
    static func trained(_ model: LlavaModel, _ settings: TrainingSettings) -> [Parameter] {
        model.parameters().filter { settings.trainable.contains($0.name) && $0.value.requiresGradient }
    }

    /// Runs to the end, or to `stop`; writes metrics and states into `folder` and resumes from what is there.
    ///
    /// - Parameters:
    ///   - run: text of the run's identity; a state of another run is refused
    ///   - stop: asked after every step; a state is written before returning
    /// - Returns: whether all steps are done
    /// - Throws: `TrainingError.notFinite` where more steps in a row than the settings allow are not finite;
    ///   the state before the last of them is saved
    public func run(
        in folder: URL, run: String, stop: () -> Bool = { false }, report: (Event) throws -> Void = { _ in }
    ) throws -> Bool {
        let state = TrainingState(optimizer, in: folder, run: run)
        let done = try state.restore { try report(.setAside(path: $0, problem: $1)) }
        try report(done > 0 ? .resumed(step: done) : .beginning)
        if done < steps, steps == 1, schedule.rate(at: 0) == 0 {
            try report(
                .warning(
                    "the only step is one of warm-up, with a learning rate of 0: nothing is learnt; set "
                        + "schedule.warmup_ratio to 0, or take more steps"))
        }
        // One process writes; what it has found in the file all must know, to stop at the same step.
        let metrics =
            ranks.isFirst
            ? try MetricsFile(folder.appendingPathComponent(MetricsFile.file), keeping: done) : nil
        let kept = metrics?.kept ?? []
        var watch = LossWatch(kept.filter { $0.skipped == nil }.map(\.loss))
        var inRow = try ranks.ofFirst(kept.reversed().prefix { $0.skipped != nil }.count)
        var looks = try validation.map { validation in
            Looks(
                validation, settings.validation,
                file: ranks.isFirst
                    ? try ValidationFile(
                        folder.appendingPathComponent(ValidationFile.file), keeping: done,
                        of: validation.identity) : nil)
        }
        var saved = done
        var made = done
        func write() throws {
            guard saved != made else { return }
            try metrics?.synchronize()
            try state.write(step: made)
            saved = made
        }
        func save(_ step: Int) throws {
            made = step
            try write()
            try report(.stateWritten(step: step))
        }
        changing.lock()
        defer { changing.unlock() }
        saveLast = { [ranks] in
            // The moments of several processes are collected by all of them together.
            if ranks.count == 1 { try write() }
            return ranks.count == 1 ? made : saved
        }
        // Whoever halts the process after `run` has stopped finds what it saved.
        defer { saveLast = isFinished ? nil : { [saved] in saved } }
        /// Looks at the held-back samples where that is due and was not done.
        func look() throws {
            guard let looking = looks, looking.isDue(after: made, of: steps),
                try ranks.ofFirst(!looking.isKnown(after: made))
            else { return }
            // The line of the step is written: whoever halts here saves a whole state.
            try atRest { try looks?.look(after: made, report: report) }
        }
        try look()
        for step in done..<max(done, steps) {
            var (line, samples) = try self.step(step)
            let usual = line.skipped == nil ? watch.mean(exceededBy: line.loss) : nil
            if line.skipped != nil || usual != nil { line.sampleIds = samples }
            inRow = line.skipped == nil ? 0 : inRow + 1
            try metrics?.append(line)
            made = step + 1
            if let cause = line.skipped, inRow > settings.skipNonfinite {
                if step > saved { try save(step) }
                throw TrainingError.notFinite(step: step, cause: cause, inRow: inRow, samples: samples)
            }
            try report(.step(line))
            if let warning = Self.warning(line, usual: usual) { try report(.warning(warning)) }
            try look()
            let stopping = try step + 1 < steps && ranks.any(stop())
            if stopping || (step + 1) % settings.stateEvery == 0 || step + 1 == steps { try save(step + 1) }
            if stopping { return false }
        }
        isFinished = true
        return true
    }

    /// Saves the state of the last step while the gradients of the next are computed; for another thread than
    /// that of `run`, of a process that is about to end: `run` does not go on.
    ///
    /// - Returns: the steps that are saved; nil before `run` takes steps, and when all are done
    ///   (`isFinished`, which nobody changes any more after this)
    public func saveAndHalt() throws -> Int? {
        changing.lock()
        return try saveLast?()
    }

    /// Runs what leaves weights, moments and files as they are.
    func atRest<Result>(_ body: () throws -> Result) rethrows -> Result {
        changing.unlock()
        defer { changing.lock() }
        return try body()
    }

    /// - Parameter usual: mean of the losses that this step's is far above
    private static func warning(_ line: StepMetrics, usual: Double?) -> String? {
        let samples = SampleNames(line.sampleIds ?? [])
        if let cause = line.skipped {
            return "the \(cause.rawValue) of step \(line.step) is not a finite number; the step is skipped "
                + "(\(samples))"
        }
        return usual.map {
            "the loss of step \(line.step) is \(Float(line.loss)), far above \(Float($0)), the mean of the "
                + "steps before it (\(samples))"
        }
    }
}
