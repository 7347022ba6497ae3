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

    /// What came of a step's lanes.
    struct StepResult {
        /// Of this rank's lanes, in their order.
        let lanes: [LaneResult]
        /// Of what this rank updates, summed over all ranks' lanes.
        let gradient: StepGradient?
        /// Seconds that the ranks took to exchange it; nil for one.
        let exchange: StepMetrics.Exchange?
    }

    /// Runs this rank's lanes, each replica its share of them; gradients go to the other ranks as they come.
    func gradients(_ work: StepWork, totals: StepTotals, step: Int) throws -> StepResult {
        nonisolated(unsafe) let trainer = self
        let lanes = work.own
        let sums = LaneSums(
            parameters: optimizer.parameters.count, lanes: work.lanes[ranks.count - 1].upperBound,
            own: lanes.count)
        let exchange = GradientExchange(optimizer, sums, lanes: work.lanes)
        let results: [[LaneResult]]
        do {
            results = try parallelMap(losses.count) { replica in
                let own =
                    lanes.count * replica / trainer.losses.count..<lanes.count * (replica + 1)
                    / trainer.losses.count
                return try own.map { try trainer.run(lanes[$0], trainer.losses[replica], totals, step, sums) }
            }
        } catch {
            sums.cancel()
            throw error
        }
        let (gradient, took) = try exchange.finish()
        return StepResult(lanes: results.flatMap { $0 }, gradient: gradient, exchange: took)
    }

    /// Runs the passes of a lane. Each parameter's gradient joins the sums as soon as the last of them has no
    /// more to add.
    private func run(
        _ work: (lane: Int, batches: [MicroBatch]), _ loss: AlignmentLoss, _ totals: StepTotals, _ step: Int,
        _ gradients: LaneSums
    ) throws -> LaneResult {
        let parameters = Self.trained(loss.student, settings)
        var left = Dictionary(
            parameters.enumerated().compactMap { index, parameter in
                parameter.value.node.map { (ObjectIdentifier($0), index) }
            }, uniquingKeysWith: { first, _ in first })
        func take(_ index: Int) {
            let value = parameters[index].value
            gradients.insert(
                value.takeGradient() ?? Tensor(zeros: value.shape), of: index, lane: work.lane)
        }
        let result = try run(work.batches, loss, totals, step) { leaf in
            if let index = left.removeValue(forKey: ObjectIdentifier(leaf)) { take(index) }
        }
        for index in left.values.sorted(by: >) { take(index) }
        precondition(
            parameters.allSatisfy { $0.value.gradient == nil }, "a gradient came after a leaf was finished")
        return result
    }

    private func run(
        _ batches: [MicroBatch], _ loss: AlignmentLoss, _ totals: StepTotals, _ step: Int,
        finished: @escaping (TapeNode) -> Void
    ) throws -> LaneResult {
        var sums = LaneResult()
        let (passes, clock) = (StepClock(), ContinuousClock())
        for (number, pass) in batches.enumerated() {
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
            result.loss.backward(finished: number == batches.count - 1 ? finished : nil)
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
