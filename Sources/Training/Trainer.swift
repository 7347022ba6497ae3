import Autograd
import Distillation
import Foundation
import Models
import Shards
import Tensors

/// What a training run does; every value comes from the recipe.
public struct TrainingSettings: Sendable {
    public var objective: AlignmentObjective
    public var trainable: Set<ModelPart>
    /// Samples of an optimizer step, and rows of a forward pass at most.
    public var batchSize: Int
    public var rowLimit: Int
    public var epochs: Double
    /// Optimizer steps; nil: as many as `epochs` take.
    public var steps: Int?
    public var optimizer: AdamW.Settings
    public var learningRate: Double
    public var scheduleShape: LearningRateSchedule.Shape
    public var warmupRatio: Double
    /// Largest global gradient norm; 0 does not clip.
    public var clip: Double
    public var seed: UInt64
    /// Steps between two states on disk.
    public var stateEvery: Int

    public init(objective: AlignmentObjective, trainable: Set<ModelPart>, batchSize: Int, learningRate: Double) {
        (self.objective, self.trainable, self.batchSize, self.learningRate) = (objective, trainable, batchSize, learningRate)
        (rowLimit, epochs, steps, optimizer, scheduleShape) = (8192, 1, nil, AdamW.Settings(), .cosine)
        (warmupRatio, clip, seed, stateEvery) = (0.03, 1, 0, 500)
    }
}

/// Trains a student, a projector or a teacher: the objective's weights say which.
public final class Trainer {
    public enum Event {
        case resumed(step: Int)
        case step(StepMetrics)
        case stateWritten(step: Int)
    }

    public let student: LlavaModel
    public let steps: Int
    private let loss: AlignmentLoss
    private let cached: CachedTeacher?
    private let dataset: ShardDataset
    private let settings: TrainingSettings
    private let optimizer: AdamW
    private let schedule: LearningRateSchedule
    private var stream: SampleStream

    /// - Parameters:
    ///   - teacher: in the loop; with `w_tpa` 0 and a cache none is needed
    ///   - cached: the teacher's outputs for KD and IVA
    /// - Throws: `TrainingError`, `DistillationError` before anything is computed
    public init(
        student: LlavaModel, teacher: LlavaModel?, cached: CachedTeacher?, dataset: ShardDataset, settings: TrainingSettings
    ) throws {
        guard dataset.count > 0 else { throw TrainingError.noSamples(path: dataset.folder.path) }
        let weights = settings.objective.weights
        guard weights != LossTerms() else { throw TrainingError.nothingToLearn }
        if weights.tpa != 0, teacher == nil { throw DistillationError.missingTeacher(term: "TPA") }
        if weights.needsTeacher, teacher == nil, cached == nil { throw DistillationError.missingTeacher(term: weights.iva != 0 ? "IVA" : "KD") }
        let parameters = student.parameters(of: settings.trainable).filter { $0.value.requiresGradient }
        guard !parameters.isEmpty else { throw TrainingError.nothingToTrain }
        let vocabulary = student.language.vocabularySize
        if let common = cached?.index.settings.commonVocabulary, common > vocabulary {
            throw DistillationError.mismatch(
                what: "common vocabulary of the cached teacher outputs", found: "\(common)", expected: "at most the student's \(vocabulary)",
                remedy: "set common_vocabulary in the cache recipe")
        }
        (self.student, self.cached, self.dataset, self.settings) = (student, cached, dataset, settings)
        loss = AlignmentLoss(
            student: student, teacher: weights.needsTeacher ? teacher : nil, objective: settings.objective,
            commonVocabulary: cached?.index.settings.commonVocabulary)
        optimizer = AdamW(parameters, settings: settings.optimizer)
        stream = SampleStream(dataset, batchSize: settings.batchSize, epochs: settings.epochs, steps: settings.steps, seed: settings.seed)
        steps = stream.steps
        schedule = LearningRateSchedule(
            shape: settings.scheduleShape, peak: settings.learningRate, steps: steps, warmupRatio: settings.warmupRatio)
    }

    /// Runs to the end, or to `stop`; writes metrics and states into `folder` and resumes from what is there.
    ///
    /// - Parameters:
    ///   - run: digest of recipe and inputs; a state of another run is refused
    ///   - stop: asked after every step; a state is written before returning
    /// - Returns: whether all steps are done
    public func run(in folder: URL, run: String, stop: () -> Bool = { false }, report: (Event) throws -> Void = { _ in }) throws -> Bool {
        let stateFile = folder.appendingPathComponent(TrainingState.file)
        let done = try TrainingState.restore(optimizer, run: run, from: stateFile) ?? 0
        if done > 0 { try report(.resumed(step: done)) }
        let metrics = try MetricsFile(folder.appendingPathComponent(MetricsFile.file), keeping: done)
        for step in done..<max(done, steps) {
            let line = try self.step(step)
            try metrics.append(line)
            try report(.step(line))
            let stopping = step + 1 < steps && stop()
            if stopping || (step + 1) % settings.stateEvery == 0 || step + 1 == steps {
                try metrics.synchronize()
                try TrainingState.write(optimizer, step: step + 1, run: run, to: stateFile)
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
        func timed<Result>(_ part: WritableKeyPath<StepMetrics.PartSeconds, Double>, _ body: () throws -> Result) rethrows -> Result {
            let start = clock.now
            defer { seconds[keyPath: part] += (clock.now - start) / .seconds(1) }
            return try body()
        }
        let numbers = stream.samples(ofStep: step)
        let batches = try timed(\.data) { try microBatches(numbers) }
        let totals = StepTotals(supervisedTokens: batches.reduce(0) { $0 + $1.batch.supervisedTokens }, samples: numbers.count)
        var (terms, drawn, merged, branchRows) = (LossTerms(), 0, 0, 0)
        for (batch, cached) in batches {
            let result = try timed(\.student) {
                try loss(batch, totals: totals, candidates: .drawn(seed: settings.seed, step: UInt64(step)), cached: cached)
            }
            seconds.teacher += result.teacherSeconds
            seconds.student -= result.teacherSeconds
            guard result.loss.data.values[0].isFinite else { throw TrainingError.notFinite(step: step, samples: batch.samples.map(\.id)) }
            timed(\.backward) { result.loss.backward() }
            terms = terms + result.terms
            drawn += result.branches.drawn
            merged += result.branches.merged
            branchRows += result.branches.branches.count
        }
        let rate = schedule.rate(at: step)
        let norm = try timed(\.optimizer) {
            let norm = optimizer.gradientNorm
            guard norm.isFinite else { throw TrainingError.notFinite(step: step, samples: batches.flatMap { $0.batch.samples.map(\.id) }) }
            optimizer.step(learningRate: rate, gradientScale: settings.clip > 0 ? min(1, settings.clip / (norm + 1e-6)) : 1)
            return norm
        }
        let tokens = batches.reduce(0) { $0 + $1.batch.rows }
        return StepMetrics(
            step: step, samples: step * settings.batchSize + numbers.count, tokens: tokens, supervisedTokens: totals.supervisedTokens,
            learningRate: rate, loss: terms.weighted(by: settings.objective.weights), terms: terms, gradientNorm: norm,
            candidatesDrawn: drawn, candidatesMerged: merged, candidateRows: branchRows, seconds: seconds,
            tokensPerSecond: Double(tokens) / seconds.total, residentBytes: StepMetrics.residentBytes)
    }

    private func microBatches(_ numbers: [Int]) throws -> [(batch: AlignmentBatch, cached: [CachedSample]?)] {
        let lengths = try numbers.map { try dataset.sample($0).inputIDs.count }
        return try rangesOfRows(lengths, limit: settings.rowLimit).map { range in
            let batch = try AlignmentBatch(dataset, numbers: Array(numbers[range]))
            try batch.validate(for: student)
            return (batch, try cached.map { cached in try numbers[range].map { try cached.sample($0) } })
        }
    }
}
