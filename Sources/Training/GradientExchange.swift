import Foundation
import Ranks
import Records

/// The exchange of a step's gradients, on a thread of its own while the last lanes are still computed
/// (docs/scaling.md, What crosses the network). A process that runs alone needs none.
final class GradientExchange: @unchecked Sendable {
    private let optimizer: AdamW
    private let sums: LaneSums
    private let lanes: [Range<Int>]
    private let finished = DispatchSemaphore(value: 0)
    /// Written by the thread before it signals.
    private var outcome: Result<StepGradient?, any Error>?
    /// Seconds of the exchange itself, without waiting for gradients of this process.
    private var seconds = 0.0

    /// - Parameters:
    ///   - sums: of this rank's lanes, which are yet to come
    ///   - lanes: of the step, by rank
    init(_ optimizer: AdamW, _ sums: LaneSums, lanes: [Range<Int>]) {
        (self.optimizer, self.sums, self.lanes) = (optimizer, sums, lanes)
        guard optimizer.ranks.count > 1 else { return }
        let thread = Thread { [self] in
            // MPI asks again and again whether a message has come: only when nobody computes.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            reduce()
            finished.signal()
        }
        thread.name = "align-ti.exchange"
        thread.start()
    }

    private func reduce() {
        let clock = ContinuousClock()
        outcome = Result {
            try optimizer.reduce(sums, lanes: lanes) { exchange in
                let start = clock.now
                try exchange()
                seconds += (clock.now - start) / .seconds(1)
            }
        }
    }

    /// Waits for its end; all lanes are there, or cancelled.
    ///
    /// - Returns: the gradient of what this rank updates, and what the exchange took, where there was one
    /// - Throws: `RanksError`
    func finish() throws -> (gradient: StepGradient?, took: StepMetrics.Exchange?) {
        let clock = ContinuousClock()
        let start = clock.now
        let isAlone = optimizer.ranks.count == 1
        if isAlone { reduce() } else { finished.wait() }
        let waited = (clock.now - start) / .seconds(1)
        return (
            try outcome?.get(), isAlone ? nil : StepMetrics.Exchange(seconds: seconds, waited: waited)
        )
    }
}
