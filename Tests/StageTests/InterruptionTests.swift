import Foundation
import Stage
import Testing

/// User signals, so that a failure cannot be mistaken for someone's own interrupt. They are sent to the
/// process, not with `raise`: tests run on dispatch threads, which block signals, and the main thread takes
/// them a little later.
@Suite(.serialized) struct InterruptionTests {
    private func wait(for condition: () -> Bool) async throws {
        for _ in 0..<1000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    }

    @Test func aSignalSetsTheFlagAndTheProcessLives() async throws {
        for _ in 0..<20 {
            let interruption = Interruption(signals: [SIGUSR1])
            #expect(!interruption.isRequested)
            kill(getpid(), SIGUSR1)
            try await wait { interruption.isRequested }
            #expect(interruption.isRequested)
        }
    }

    @Test func aSecondSignalHasItsOldEffectAgain() async throws {
        let interruption = Interruption(signals: [SIGUSR2])
        kill(getpid(), SIGUSR2)
        try await wait { interruption.isRequested }
        var action = sigaction()
        try #require(sigaction(SIGUSR2, nil, &action) == 0)
        #expect(action.__sigaction_handler.sa_handler == nil)  // SIG_DFL
    }
}
