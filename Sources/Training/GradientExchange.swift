import Files
import Foundation
import Ranks
import Records
import Tensors

/// The exchange of a step's gradients: bucket by bucket, all ranks in the same order, each as soon as it is
/// ready. While the last lanes are still computed a thread of its own does it (docs/scaling.md, What crosses
/// the network); whoever waits for it then does the rest. A process that runs alone needs none.
final class GradientExchange: @unchecked Sendable {
    private let optimizer: AdamW
    private let sums: LaneSums
    private let lanes: [Range<Int>]
    /// Elements that this rank updates. Only one thread at a time touches what follows.
    private let share: Tensor
    private var bucket = 0
    /// Sums of the bucket, taken and not yet exchanged.
    private var held: [[Tensor]]?
    /// Seconds of the exchange itself, without waiting for gradients of this process.
    private var seconds = 0.0
    private var isCancelled = false
    private var problem: (any Error)?

    private let ended = DispatchSemaphore(value: 0)
    private let isAwaited = Guarded(false)

    /// - Parameters:
    ///   - sums: of this rank's lanes, which are yet to come
    ///   - lanes: of the step, by rank
    init(_ optimizer: AdamW, _ sums: LaneSums, lanes: [Range<Int>]) {
        (self.optimizer, self.sums, self.lanes) = (optimizer, sums, lanes)
        share = Tensor(uninitialized: [optimizer.ranks.count > 1 ? optimizer.ownElements : 0])
        guard optimizer.ranks.count > 1 else { return }
        let thread = Thread { [self] in
            // MPI asks again and again whether a message has come, which must not take much from the lanes.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
            do { try run(inBackground: true) } catch { problem = error }
            ended.signal()
        }
        thread.name = "align-ti.exchange"
        thread.start()
    }

    private func run(inBackground: Bool) throws {
        let clock = ContinuousClock()
        let buckets = optimizer.shares.buckets
        while bucket < buckets.count {
            held = held ?? sums.take(buckets[bucket])
            guard let own = held else {
                isCancelled = true
                return
            }
            if inBackground, isAwaited.withLock({ $0 }) { return }
            let start = clock.now
            try optimizer.reduce(own, buckets[bucket], lanes: lanes, into: share)
            seconds += (clock.now - start) / .seconds(1)
            held = nil
            bucket += 1
        }
    }

    /// Ends it; all lanes are there, or cancelled.
    ///
    /// - Returns: the gradient of what this rank updates, nil where lanes were cancelled, and what the
    ///   exchange took, where there was one
    /// - Throws: `RanksError`
    func finish() throws -> (gradient: StepGradient?, took: StepMetrics.Exchange?) {
        guard optimizer.ranks.count > 1 else {
            return (sums.take(optimizer.parameters.indices).map { .whole($0.map { $0[0] }) }, nil)
        }
        let clock = ContinuousClock()
        let start = clock.now
        isAwaited.withLock { $0 = true }
        ended.wait()
        if let problem { throw problem }
        try run(inBackground: false)
        let waited = (clock.now - start) / .seconds(1)
        return (isCancelled ? nil : .share(share), StepMetrics.Exchange(seconds: seconds, waited: waited))
    }
}
