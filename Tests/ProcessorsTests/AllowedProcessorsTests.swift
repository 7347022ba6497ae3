import Foundation
import Processors
import Testing

@Suite struct AllowedProcessorsTests {
    /// What a thread of its own finds after it was limited.
    private func bound(after limits: [(count: Int, skipping: Int)]) -> Int {
        // Written before the signal, read after it.
        nonisolated(unsafe) var found = 0
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            for limit in limits { AllowedProcessors.limit(to: limit.count, skipping: limit.skipping) }
            found = AllowedProcessors.bound
            done.signal()
        }
        done.wait()
        return found
    }

    @Test func aLimitHoldsAndOneThatLeavesNothingDoesNot() {
        let all = AllowedProcessors.bound
        #expect(all >= 1 && AllowedProcessors.count >= 1 && AllowedProcessors.count <= all)
        #expect(bound(after: [(1, 0)]) == 1)
        #expect(bound(after: [(all, 1)]) == max(1, all - 1))
        #expect(bound(after: [(1, 0), (1, 1), (0, 0), (-3, -2)]) == 1)
        #expect(AllowedProcessors.bound == all, "another thread keeps its own")
        #expect(AllowedProcessors.ofGroup >= AllowedProcessors.count)
    }
}
