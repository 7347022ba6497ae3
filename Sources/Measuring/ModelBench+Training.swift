import Autograd
import Distillation
import Files
import Foundation
import Models
import Records
import TeacherStore
import Training

extension ModelBench {
    /// What a training step optimises.
    public enum Objective: String, Sendable, CaseIterable {
        case sft
        case vanillaKD = "vanilla_kd"
        case alignTI = "align_ti"

        var weights: LossTerms {
            switch self {
            case .sft: LossTerms(sft: 1)
            case .vanillaKD: LossTerms(sft: 1, kd: 1)
            case .alignTI: LossTerms(sft: 1, iva: 1, kd: 1, tpa: 1)
            }
        }
    }

    /// What the student proposes.
    public enum Candidates: Sendable {
        /// Random weights: nearly all candidates differ, which is the most work there can be.
        case different
        /// The student is fitted to the batch by SFT until it gives its tokens this probability in the mean,
        /// then stands still.
        case peaked(probability: Double)
    }

    /// One optimizer step over the batch: forward, backward, clipping, AdamW.
    ///
    /// - Parameter cached: IVA's targets and weights are read from the teacher's outputs, as a run with a
    ///   cache does, not made in the step
    public func training(
        _ objective: Objective, candidates: Candidates = .different, cached: Bool = false
    ) throws -> Figure {
        let student = try makeStudent(trainable: true)
        let teacher = objective == .sft ? nil : try makeTeacher()
        let optimizer = AdamW(
            student.parameters().filter(\.value.requiresGradient), settings: AdamW.Settings())
        let batch = shapes.makeBatch()
        var (name, rate, fitting): (String, Double, Int?) = (objective.rawValue, 2e-5, nil)
        if case .peaked(let probability) = candidates {
            fitting = try fit(student, optimizer, batch, to: probability)
            // The step does all its work and leaves the weights, so that candidates stay as they are.
            (name, rate) = (name + "_peaked", 0)
        }
        let samples = try cached ? teacher.map { try cachedSamples(TeacherOutputs($0), batch) } : nil
        if cached { name += "_cached" }
        let plan = TeacherPlan(
            AlignmentObjective(
                weights: objective.weights, candidates: CandidateRule(count: shapes.candidates),
                saliencyLayer: shapes.saliencyLayer),
            cache: cached ? cacheSettings.cachedOutputs : nil)
        let step = BenchStep(AlignmentLoss(student: student, teacher: teacher, plan: plan), optimizer)
        var steps: [BenchStep.Outcome] = []
        let runs = try measure {
            try steps.append(step(batch, cached: samples, number: steps.count, learningRate: rate))
        }
        steps.removeFirst(shapes.warmup)
        var facts: JSONObject = [
            "samples_per_second": .rounded(Double(shapes.batch) / runs.spread.median),
            "tokens_per_second": .rounded(Double(shapes.rows) / runs.spread.median),
            "useful_gflop": .rounded(
                Spread(steps.map { usefulWork($0, objective, cached: cached) }).median / 1e9),
        ]
        for (part, seconds) in BenchStep.Outcome.parts {
            facts["\(part)_seconds"] = .rounded(Spread(steps.map { $0[keyPath: seconds] }).median)
        }
        if objective == .alignTI {
            func mean(_ count: (BenchStep.Outcome) -> Int) -> Double {
                Double(steps.reduce(0) { $0 + count($1) }) / Double(steps.count)
            }
            let drawn = mean(\.drawn)
            let merged = mean(\.merged) / max(1, drawn)
            facts["candidates_drawn"] = .rounded(drawn)
            facts["candidates_equal_truth"] = .rounded(merged)
            facts["candidate_rows"] = .rounded(mean(\.candidates.count))
            facts["paper_size_work_ratio"] = .rounded(
                UsefulWork.paperRatio(
                    instruction: shapes.instruction, response: shapes.response,
                    candidates: shapes.candidates, merged: 1 - mean(\.candidates.count) / max(1, drawn)))
        }
        if let fitting { facts["fitting_steps"] = .int(fitting) }
        return Figure(name, runs, facts: facts)
    }

    private func usefulWork(_ outcome: BenchStep.Outcome, _ objective: Objective, cached: Bool) -> Double {
        switch objective {
        case .sft: work.sft
        case .vanillaKD: work.vanillaKD
        case .alignTI:
            work.alignTI(headRows: outcome.headRows, candidates: outcome.candidates, cached: cached)
        }
    }

    /// SFT on the batch alone.
    ///
    /// - Returns: the steps it took
    private func fit(
        _ student: LlavaModel, _ optimizer: AdamW, _ batch: AlignmentBatch, to probability: Double
    ) throws -> Int {
        let step = BenchStep(
            AlignmentLoss(
                student: student, teacher: nil,
                objective: AlignmentObjective(weights: Objective.sft.weights)), optimizer)
        // Wider models learn with smaller steps.
        let rate = min(3e-3, 0.5 / Double(shapes.student.hidden))
        for number in 0..<300 {
            // Smaller steps near the end, so that the wanted probability is not passed by much.
            let outcome = try step(batch, number: number) { $0 > 0.6 * probability ? rate / 6 : rate }
            if outcome.truthProbability >= probability { return number + 1 }
        }
        throw MeasuringError.notFitted(probability: probability)
    }
}

/// One optimizer step, with the time of its parts.
struct BenchStep {
    struct Outcome {
        var teacherSeconds, forwardSeconds, backwardSeconds, optimizerSeconds: Double
        /// Trunk rows that a term looks at, candidates drawn, those equal to the ground truth.
        let headRows, drawn, merged: Int
        /// Positions of the candidates that were run.
        let candidates: [Int]
        /// Mean probability of the batch's own tokens before the step.
        let truthProbability: Double

        static var parts: [(String, KeyPath<Outcome, Double>)] {
            [
                ("teacher", \.teacherSeconds), ("student", \.forwardSeconds), ("backward", \.backwardSeconds),
                ("optimizer", \.optimizerSeconds),
            ]
        }
    }

    private let loss: AlignmentLoss
    private let optimizer: AdamW
    private let clip = 1.0

    init(_ loss: AlignmentLoss, _ optimizer: AdamW) { (self.loss, self.optimizer) = (loss, optimizer) }

    func callAsFunction(
        _ batch: AlignmentBatch, cached: [CachedSample]?, number: Int, learningRate: Double
    ) throws -> Outcome {
        try self(batch, cached: cached, number: number) { _ in learningRate }
    }

    /// - Parameter rate: learning rate for a mean probability of the batch's tokens
    func callAsFunction(
        _ batch: AlignmentBatch, cached: [CachedSample]? = nil, number: Int, rate: (Double) -> Double
    ) throws -> Outcome {
        let (start, clock) = (ContinuousClock.now, StepClock())
        let result = try loss(
            batch, totals: StepTotals(supervisedTokens: batch.supervisedTokens, samples: batch.samples.count),
            candidates: .drawn(seed: 0, step: UInt64(number)), cached: cached, clock: clock)
        let forward = ContinuousClock.now
        result.loss.backward()
        let backward = ContinuousClock.now
        let truth = zip(result.trunk.rows, result.trunk.values).filter { $0.0.label >= 0 }.map {
            exp(-$0.1.crossEntropy)
        }
        let probability = truth.reduce(0, +) / Double(max(1, truth.count))
        let gradient = optimizer.takeGradient()
        try optimizer.step(
            gradient, learningRate: rate(probability),
            gradientScale: min(1, clip / (optimizer.norms(gradient).all + 1e-6)))
        let end = ContinuousClock.now
        return Outcome(
            teacherSeconds: clock.teacherSeconds,
            forwardSeconds: (forward - start) / .seconds(1) - clock.teacherSeconds,
            backwardSeconds: (backward - forward) / .seconds(1),
            optimizerSeconds: (end - backward) / .seconds(1),
            headRows: result.trunk.rows.count { $0.share != LossTerms() }, drawn: result.branches.drawn,
            merged: result.branches.merged, candidates: result.branches.branches.map(\.position),
            truthProbability: probability)
    }
}
