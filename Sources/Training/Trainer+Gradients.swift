import Autograd
import Distillation
import Foundation
import Models
import Records
import Tensors

extension Trainer {
    /// What the passes of one lane came to.
    struct LaneResult: Codable {
        var terms = LossTerms()
        var drawn = 0
        var merged = 0
        var branchRows = 0
        var passes = ForwardPasses()
        var seconds = StepMetrics.PartSeconds()
        /// The terms by source of the samples, pass by pass; empty where the data set is no mixture.
        var sources: [[TermSums]] = []
        /// IDs of the samples of the pass whose loss is not finite; none of the lane is run after it.
        var notFinite: [String] = []
    }

    /// Runs this rank's lanes, each replica its share of them.
    ///
    /// - Returns: what came of the lanes, in their order, and the sums of their gradients
    func gradients(
        _ lanes: [(lane: Int, batches: [MicroBatch])], of count: Int, totals: StepTotals, step: Int
    )
        throws -> (results: [LaneResult], sums: LaneTree<[Tensor]>)
    {
        nonisolated(unsafe) let trainer = self
        nonisolated(unsafe) var sums = LaneTree<[Tensor]>(lanes: count) { left, right in
            for (a, b) in zip(left, right) { a.add(b) }
            return left
        }
        let lock = NSLock()
        let results = try parallelMap(losses.count) { replica in
            let parameters = Self.trained(trainer.losses[replica].student, trainer.settings)
            return try
                (lanes.count * replica / trainer.losses.count..<lanes.count * (replica + 1)
                / trainer.losses.count).map { index in
                    let result = try trainer.run(lanes[index].batches, trainer.losses[replica], totals, step)
                    let gradients = AdamW.takeGradients(parameters)
                    lock.withLock { sums.insert(gradients, lane: lanes[index].lane) }
                    return result
                }
        }
        return (results.flatMap { $0 }, sums)
    }

    private func run(_ batches: [MicroBatch], _ loss: AlignmentLoss, _ totals: StepTotals, _ step: Int) throws
        -> LaneResult
    {
        var sums = LaneResult()
        let (passes, clock) = (StepClock(), ContinuousClock())
        for pass in batches {
            let batch = pass.batch
            let start = clock.now
            let result = try loss(
                batch, totals: totals, candidates: .drawn(seed: settings.seed, step: UInt64(step)),
                cached: pass.cached, clock: passes)
            let forward = clock.now
            sums.seconds.student += (forward - start) / .seconds(1)
            sums.terms = sums.terms + result.terms
            if self.batches.sources.count > 1 {
                sums.sources.append(result.sums(of: batch, groups: pass.sources))
            }
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
