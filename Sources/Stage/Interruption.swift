import Files
import Foundation
import Synchronization

/// How many signals came. A signal handler is a C function without context, so this is the one global
/// variable of the project.
private let received = Atomic<Int>(0)

/// Notices SIGINT, SIGTERM and SIGHUP (a closed terminal), so that a stage can finish its unit of work, save
/// and stop.
///
/// ```
/// let interruption = Interruption()
/// for shard in shards {
///     if interruption.isRequested {
///         throw StageError.interrupted("12 shards are done; run the same command to go on")
///     }
/// ```
/// The same signal a second time ends the process at once, as it would have without this.
public struct Interruption: Sendable {
    private let before: Int

    public init(signals: [Int32] = SignalThread.signals) {
        // Read before the handler is installed: it must find the counter made.
        before = received.load(ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            let code = errno
            received.wrappingAdd(1, ordering: .relaxed)
            errno = code
        }
        // Reads and writes go on as if nothing had happened; after the first signal the default action is
        // back.
        action.sa_flags = Int32(truncatingIfNeeded: SA_RESTART) | Int32(truncatingIfNeeded: SA_RESETHAND)
        for signal in signals where !Self.isIgnored(signal) { sigaction(signal, &action, nil) }
    }

    /// Whether whoever started the process had it ignore the signal, as nohup does.
    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        return sigaction(signal, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
    }

    /// Whether the user wants the process to stop.
    public var isRequested: Bool { received.load(ordering: .relaxed) != before }

    /// Seconds in which a unit of work may still come to its end.
    public static let grace = 1.5

    /// Ends the process when it is asked to stop and its unit of work does not end in time: one pass of a
    /// large model takes longer than whoever sends the signal waits.
    ///
    /// - Parameters:
    ///   - stage: whose name stands before the message
    ///   - lastWork: what is done first, in a thread of its own beside those that still compute; its result
    ///     is the message, as of `StageError.interrupted`. What it does not do is what `kill -9` would lose.
    public func endsProcess(_ stage: String, lastWork: @escaping @Sendable () throws -> String) {
        let interruption = self
        let thread = Thread {
            while !interruption.isRequested { Thread.sleep(forTimeInterval: 0.1) }
            Thread.sleep(forTimeInterval: Self.grace)
            let error: any Error
            do { error = StageError.interrupted(try lastWork()) } catch let failed { error = failed }
            StandardError.write("\(stage): error: \(Excerpt.message("\(error)"))")
            // Not `exit`: its handlers would take down what the other threads are working with.
            _exit((error as? any ExitCoded)?.exitCode ?? ExitStatus.code(for: error))
        }
        thread.start()
    }
}
