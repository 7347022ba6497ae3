import Autograd
import Distillation
import Records
import Tensors

extension Trainer {
    /// Sums over the micro-batches of one replica.
    struct MicroBatchSums {
        var terms = LossTerms()
        var drawn = 0
        var merged = 0
        var branchRows = 0
        var passes = ForwardPasses()
        var seconds = StepMetrics.PartSeconds()
        /// IDs of the samples of the micro-batch whose loss is not finite; no other is run after it.
        var notFinite: [String] = []
    }

    /// Runs all micro-batches, replica i every i-th, and leaves the sum of the gradients in the student's
    /// parameters.
    func gradients(_ batches: [MicroBatch], totals: StepTotals, step: Int) throws -> [MicroBatchSums] {
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
            sums.seconds.student += (forward - start) / .seconds(1)
            sums.terms = sums.terms + result.terms
            guard result.loss.data.values[0].isFinite else {
                sums.notFinite = batch.samples.map(\.id)
                break
            }
            result.loss.backward()
            sums.seconds.backward += (clock.now - forward) / .seconds(1)
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
