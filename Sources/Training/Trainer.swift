import Autograd
import Distillation
import Foundation
import Models
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
        case step(StepMetrics)
        case stateWritten(step: Int)
    }

    /// The model that is trained.
    public let student: LlavaModel
    /// Optimizer steps of the run.
    public let steps: Int
    /// One for the student, and one for each replica.
    private let losses: [AlignmentLoss]
    private let batches: MicroBatches
    private let onPolicy: OnPolicyResponses?
    private let settings: TrainingSettings
    private let optimizer: AdamW
    private let schedule: LearningRateSchedule

    /// - Parameters:
    ///   - teacher: the one to run in the loop, where the plan needs one
    ///   - cached: the teacher's outputs that the plan reads
    ///   - plan: who supplies what the student is compared with; of the settings' objective
    ///   - endOfSequenceIDs: end a response that the student samples
    /// - Throws: `TrainingError`, `DistillationError` before anything is computed
    public init(
        student: LlavaModel, teacher: LlavaModel?, cached: CachedTeacher?, dataset: ShardDataset,
        settings: TrainingSettings, plan: TeacherPlan, endOfSequenceIDs: Set<Int32> = []
    ) throws {
        guard dataset.count > 0 else { throw TrainingError.noSamples(path: dataset.folder.path) }
        guard plan.objective.weights != LossTerms() else { throw TrainingError.nothingToLearn }
        let teacher = try plan.required(teacher)
        let trainable = Set(settings.trainable)
        let parameters = student.parameters(of: trainable).filter { $0.value.requiresGradient }
        guard !parameters.isEmpty else { throw TrainingError.nothingToTrain }
        try plan.check(student: student, teacher: teacher)
        (self.student, self.settings) = (student, settings)
        let replicas = try (1..<max(1, settings.replicas)).map { _ in
            try student.replica(trainable: trainable)
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
        optimizer = AdamW(parameters, settings: settings.optimizer)
        batches = MicroBatches(
            dataset, cached: cached,
            stream: SampleStream(
                dataset, batchSize: settings.batchSize, epochs: settings.epochs, steps: settings.steps,
                seed: settings.seed, fraction: settings.dataFraction),
            rowLimit: settings.microBatchRows, workers: losses.count)
        steps = batches.steps
        schedule = LearningRateSchedule(
            settings.schedule, peak: settings.optimizer.learningRate, steps: steps)
    }

    /// Names of the files in a run's folder that an unfinished run needs to go on, or that were damaged; they
    /// are no result.
    public static let stateFiles: Set<String> = {
        let states = [TrainingState.file, TrainingState.previousFile]
        return Set(states + (states + [MetricsFile.file]).map { $0 + TrainingState.damagedSuffix })
    }()

    /// Forgets what an earlier attempt in this folder has left.
    public static func forget(in folder: URL) {
        for name in stateFiles { unlink(folder.appendingPathComponent(name).path) }
    }

    /// Runs to the end, or to `stop`; writes metrics and states into `folder` and resumes from what is there.
    ///
    /// - Parameters:
    ///   - run: digest of recipe and inputs; a state of another run is refused
    ///   - stop: asked after every step; a state is written before returning
    /// - Returns: whether all steps are done
    public func run(
        in folder: URL, run: String, stop: () -> Bool = { false }, report: (Event) throws -> Void = { _ in }
    ) throws -> Bool {
        let state = TrainingState(optimizer, in: folder, run: run)
        let done = try state.restore { try report(.setAside(path: $0, problem: $1)) }
        if done > 0 { try report(.resumed(step: done)) }
        let metrics = try MetricsFile(folder.appendingPathComponent(MetricsFile.file), keeping: done)
        for step in done..<max(done, steps) {
            let line = try self.step(step)
            try metrics.append(line)
            try report(.step(line))
            let stopping = step + 1 < steps && stop()
            if stopping || (step + 1) % settings.stateEvery == 0 || step + 1 == steps {
                try metrics.synchronize()
                try state.write(step: step + 1)
                try report(.stateWritten(step: step + 1))
            }
            if stopping { return false }
        }
        return true
    }

    /// One optimizer step.
    func step(_ step: Int) throws -> StepMetrics {
        let clock = ContinuousClock()
        var seconds = StepMetrics.PartSeconds()
        func timed<Result>(
            _ part: WritableKeyPath<StepMetrics.PartSeconds, Double>, _ body: () throws -> Result
        ) rethrows -> Result {
            let start = clock.now
            defer { seconds[keyPath: part] += (clock.now - start) / .seconds(1) }
            return try body()
        }
        var batches = try timed(\.data) { try self.batches.ofStep(step) }
        let samples = batches.reduce(0) { $0 + $1.batch.samples.count }
        for (batch, _) in batches { try batch.validate(for: student) }
        var sampled = 0
        if let onPolicy {
            try timed(\.generation) {
                for index in batches.indices {
                    let (batch, count) = try onPolicy(
                        batches[index].batch, seed: settings.seed, step: UInt64(step))
                    (batches[index].batch, sampled) = (batch, sampled + count)
                }
            }
        }
        let totals = StepTotals(
            supervisedTokens: batches.reduce(0) { $0 + $1.batch.supervisedTokens },
            distilledTokens: batches.reduce(0) { $0 + $1.batch.distilledTokens }, samples: samples)
        let sums = try gradients(batches, totals: totals, step: step)
        for part in [\StepMetrics.PartSeconds.teacher, \.student, \.backward] {
            seconds[keyPath: part] = sums.reduce(0) { $0 + $1.seconds[keyPath: part] } / Double(sums.count)
        }
        let terms = sums.reduce(LossTerms()) { $0 + $1.terms }
        let passes = sums.reduce(ForwardPasses()) { $0 + $1.passes }
        let (rate, clip) = (schedule.rate(at: step), settings.optimizer.clip)
        let norm = try timed(\.optimizer) {
            let norm = optimizer.gradientNorm
            guard norm.isFinite else {
                throw TrainingError.notFinite(
                    step: step, samples: batches.flatMap { $0.batch.samples.map(\.id) })
            }
            optimizer.step(
                learningRate: rate,
                gradientScale: clip > 0 ? min(1, clip / (norm + 1e-6)) : 1)
            return norm
        }
        let tokens = batches.reduce(0) { $0 + $1.batch.rows }
        var metrics = StepMetrics()
        (metrics.step, metrics.totalSteps) = (step, steps)
        metrics.samples = step * settings.batchSize + samples
        (metrics.tokens, metrics.supervisedTokens) = (tokens, totals.supervisedTokens)
        (metrics.learningRate, metrics.gradientNorm) = (rate, norm)
        (metrics.loss, metrics.terms) = (terms.weighted(by: losses[0].plan.objective.weights), terms)
        metrics.candidatesDrawn = sums.reduce(0) { $0 + $1.drawn }
        metrics.candidatesMerged = sums.reduce(0) { $0 + $1.merged }
        metrics.candidateRows = sums.reduce(0) { $0 + $1.branchRows }
        metrics.onPolicySamples = sampled
        (metrics.studentPasses, metrics.studentRows) = (passes.studentSamples, passes.studentRows)
        (metrics.teacherPasses, metrics.teacherRows) = (passes.teacherSamples, passes.teacherRows)
        (metrics.seconds, metrics.tokensPerSecond) = (seconds, Double(tokens) / seconds.total)
        metrics.residentBytes = StepMetrics.residentBytes
        return metrics
    }

    /// Sums over the micro-batches of one replica.
    private struct MicroBatchSums {
        var terms = LossTerms()
        var drawn = 0
        var merged = 0
        var branchRows = 0
        var passes = ForwardPasses()
        var seconds = StepMetrics.PartSeconds()
    }

    /// Runs all micro-batches, replica i every i-th, and leaves the sum of the gradients in the student's
    /// parameters.
    private func gradients(_ batches: [MicroBatch], totals: StepTotals, step: Int) throws -> [MicroBatchSums]
    {
        let count = losses.count
        nonisolated(unsafe) let trainer = self
        let sums = try parallelMap(count) { replica in
            try trainer.run(
                stride(from: replica, to: batches.count, by: count).map { batches[$0] },
                trainer.losses[replica], totals, step)
        }
        for replica in losses.dropFirst() {
            let parts = replica.student.parameters(of: Set(settings.trainable)).filter {
                $0.value.requiresGradient
            }
            for (parameter, part) in zip(optimizer.parameters, parts) {
                if let gradient = part.value.gradient { parameter.value.node?.accumulate(gradient) }
                part.value.clearGradient()
            }
        }
        return sums
    }

    private func run(_ batches: [MicroBatch], _ loss: AlignmentLoss, _ totals: StepTotals, _ step: Int) throws
        -> MicroBatchSums
    {
        var sums = MicroBatchSums()
        let (passes, clock) = (StepClock(), ContinuousClock())
        for (batch, cached) in batches {
            let start = clock.now
            let result = try loss(
                batch, totals: totals, candidates: .drawn(seed: settings.seed, step: UInt64(step)),
                cached: cached, clock: passes)
            let forward = clock.now
            guard result.loss.data.values[0].isFinite else {
                throw TrainingError.notFinite(step: step, samples: batch.samples.map(\.id))
            }
            result.loss.backward()
            sums.seconds.student += (forward - start) / .seconds(1)
            sums.seconds.backward += (clock.now - forward) / .seconds(1)
            sums.terms = sums.terms + result.terms
            sums.drawn += result.branches.drawn
            sums.merged += result.branches.merged
            sums.branchRows += result.branches.branches.count
        }
        sums.passes = passes.passes
        sums.seconds.teacher = passes.teacherSeconds
        sums.seconds.student -= passes.teacherSeconds
        return sums
    }
}
