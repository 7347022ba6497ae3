import CKernels
import Foundation
import Processors
import Synchronization

/// Threads at hand for work of some ten microseconds, which would be over before a sleeping thread had woken.
///
/// For a while after each piece of work they ask again and again for more, as between the products of a
/// decoding step; then they sleep. One caller at a time has them; another does its work alone.
final class ShortWork: Sendable {
    /// As many as the process may run on besides the caller's: one that asks on the caller's own processor
    /// would hold it up.
    static let shared = ShortWork(helpers: AllowedProcessors.count - 1)

    private final class Job: Sendable {
        let count: Int
        let body: @Sendable (Int) -> Void
        private let next = Atomic(0)
        private let left: Atomic<Int>

        init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
            (self.count, self.body) = (count, body)
            left = Atomic(count)
        }

        var isDone: Bool { left.load(ordering: .acquiring) == 0 }

        /// Takes pieces until none is left to take.
        func work() {
            while true {
                let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard piece < count else { return }
                body(piece)
                left.wrappingSubtract(1, ordering: .releasing)
            }
        }
    }

    /// The latest job. One that a helper comes too late for has no pieces left.
    private final class Board: @unchecked Sendable {
        private let lock = NSLock()
        private var job: Job?

        var latest: Job? {
            get { lock.withLock { job } }
            set { lock.withLock { job = newValue } }
        }
    }

    private let board = Board()
    private let isTaken = Atomic(false)
    /// Grows with every job.
    private let ticket = Atomic(0)
    private let sleepers = Atomic(0)
    private let bell = DispatchSemaphore(value: 0)
    private let helpers: Int

    /// Some forty microseconds of asking.
    private static let patience = 2000

    private init(helpers: Int) {
        self.helpers = helpers
        for _ in 0..<max(0, helpers) {
            let thread = Thread { [self] in help() }
            thread.name = "align-ti short work"
            thread.qualityOfService = .userInitiated
            thread.start()
        }
    }

    /// Runs every piece `0 ..< count` on whichever thread is free. Pieces write to different memory.
    func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        guard count > 1, helpers > 0,
            isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
        else { return (0..<count).forEach(body) }
        let job = Job(count, body)
        board.latest = job
        ticket.wrappingAdd(1, ordering: .sequentiallyConsistent)
        for _ in 0..<min(helpers, sleepers.load(ordering: .sequentiallyConsistent)) { bell.signal() }
        job.work()
        var asked = 0
        while !job.isDone {
            asked += 1
            // A helper that the system has stopped in the middle of a piece gets this processor.
            if asked % Self.patience == 0 { sched_yield() } else { ck_pause() }
        }
        board.latest = nil
        isTaken.store(false, ordering: .releasing)
    }

    private func help() {
        var seen = 0
        while true {
            var asked = 0
            while ticket.load(ordering: .sequentiallyConsistent) == seen {
                asked += 1
                guard asked > Self.patience else {
                    ck_pause()
                    continue
                }
                sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
                if ticket.load(ordering: .sequentiallyConsistent) == seen { bell.wait() }
                sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                asked = 0
            }
            seen = ticket.load(ordering: .sequentiallyConsistent)
            board.latest?.work()
        }
    }
}
