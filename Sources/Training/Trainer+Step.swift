import Distillation
import Foundation
import Models
import Records

extension Trainer {
    /// One optimizer step. One whose loss or gradient is not finite leaves weights and moments as they are.
    ///
    /// - Returns: what happened, and the ids of the samples; of those that are not finite where that is
    ///   known
    func step(_ step: Int) throws -> (metrics: StepMetrics, samples: [String]) {
        let clock = ContinuousClock()
        var seconds = StepMetrics.PartSeconds()
        func timed<Result>(
            _ part: WritableKeyPath<StepMetrics.PartSeconds, Double>, _ body: () throws -> Result
        ) rethrows -> Result {
            let start = clock.now
            defer { seconds[keyPath: part] += (clock.now - start) / .seconds(1) }
            return try body()
        }
        var work = try timed(\.data) { try atRest { try self.batches.ofStep(step) } }
        for pass in work.own.flatMap(\.batches) { try pass.batch.validate(for: student) }
        var share = StepShare(samples: work.own.flatMap { $0.batches.flatMap { $0.batch.samples.map(\.id) } })
        if let onPolicy {
            try timed(\.generation) {
                for lane in work.own.indices {
                    for index in work.own[lane].batches.indices {
                        let (batch, count) = try atRest {
                            try onPolicy(
                                work.own[lane].batches[index].batch, seed: settings.seed, step: UInt64(step))
                        }
                        work.own[lane].batches[index].batch = batch
                        share.sampled += count
                    }
                }
            }
        }
        for pass in work.own.flatMap(\.batches) { share.count(pass.batch) }
        let shares = try atRest { try ranks.gather(share) }
        let samples = shares.reduce(0) { $0 + $1.samples.count }
        let totals = StepTotals(
            supervisedTokens: shares.reduce(0) { $0 + $1.supervisedTokens },
            distilledTokens: shares.reduce(0) { $0 + $1.distilledTokens }, samples: samples)
        let (found, results) = try atRest {
            let found = try gradients(work, totals: totals, step: step)
            return (found, try ranks.gather(found.lanes).flatMap { $0 })
        }
        let own = found.lanes
        for part in [\StepMetrics.PartSeconds.teacher, \.student, \.backward] {
            seconds[keyPath: part] =
                own.reduce(0) { $0 + $1.seconds[keyPath: part] }
                / Double(min(losses.count, max(1, own.count)))
        }
        let terms = results.reduce(LossTerms()) { $0 + $1.terms }
        let passes = results.reduce(ForwardPasses()) { $0 + $1.passes }
        let (rate, clip) = (schedule.rate(at: step), settings.optimizer.clip)
        let notFinite = results.flatMap(\.notFinite)
        var skipped: StepMetrics.Skip? = notFinite.isEmpty ? nil : .loss
        let norms = try timed(\.optimizer) { () -> AdamW.Norms? in
            guard skipped == nil, let gradient = found.gradient else { return nil }
            let norms = try optimizer.norms(gradient)
            if norms.all.isFinite {
                try optimizer.step(
                    gradient, learningRate: rate,
                    gradientScale: clip > 0 ? min(1, clip / (norms.all + 1e-6)) : 1)
            } else {
                skipped = .gradient
            }
            return norms
        }
        seconds.optimizer += found.exchange?.waited ?? 0
        let tokens = shares.reduce(0) { $0 + $1.tokens }
        var metrics = StepMetrics()
        (metrics.step, metrics.totalSteps) = (step, steps)
        metrics.samples = step * settings.batchSize + samples
        (metrics.tokens, metrics.supervisedTokens) = (tokens, totals.supervisedTokens)
        (metrics.learningRate, metrics.gradientNorm) = (rate, norms?.all ?? .nan)
        metrics.partNorms = norms.map { norms in
            Dictionary(uniqueKeysWithValues: norms.parts.map { ($0.key.rawValue, $0.value) })
        }
        (metrics.loss, metrics.terms) = (terms.weighted(by: losses[0].plan.objective.weights), terms)
        metrics.sources = batches.sources.bySource(results.flatMap(\.sources))
        metrics.candidatesDrawn = results.reduce(0) { $0 + $1.drawn }
        metrics.candidatesMerged = results.reduce(0) { $0 + $1.merged }
        metrics.candidateRows = results.reduce(0) { $0 + $1.branchRows }
        metrics.onPolicySamples = shares.reduce(0) { $0 + $1.sampled }
        (metrics.studentPasses, metrics.studentRows) = (passes.studentSamples, passes.studentRows)
        (metrics.teacherPasses, metrics.teacherRows) = (passes.teacherSamples, passes.teacherRows)
        (metrics.seconds, metrics.tokensPerSecond) = (seconds, Double(tokens) / seconds.total)
        metrics.residentBytes = StepMetrics.residentBytes
        (metrics.exchange, metrics.skipped) = (found.exchange, skipped)
        return (metrics, notFinite.isEmpty ? shares.flatMap(\.samples) : notFinite)
    }
}
