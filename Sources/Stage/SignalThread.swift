import Foundation

/// The thread that takes the signals which end a stage.
///
/// A handler runs on the stack of whichever thread takes the signal, and oneDNN's generated code (2.6.3)
/// keeps values below the stack pointer where a handler overwrites them: a signal in the middle of a matrix
/// product corrupts the heap, or the product. So the thread that computes blocks these signals, as dispatch's
/// threads do anyway, and a thread that does nothing else is left to take them.
public enum SignalThread {
    public static let signals = [SIGINT, SIGTERM, SIGHUP]

    /// Blocks the signals in this thread, and in those that it starts, and starts the one that takes them.
    ///
    /// First thing in the main thread. What a signal does is not changed: without an `Interruption` it ends
    /// the process.
    static func start() {
        mask(SIG_BLOCK)
        // With the usual stack: a small one has no room for what the numeric libraries keep for each thread,
        // and a thread that cannot be made says nothing.
        let isReady = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            mask(SIG_UNBLOCK)
            isReady.signal()
            while true { pause() }
        }
        // Better taken in the middle of a product than by nobody.
        if isReady.wait(timeout: .now() + .seconds(10)) == .timedOut { mask(SIG_UNBLOCK) }
    }

    /// Blocks the signals in this thread, or lets it take them.
    private static func mask(_ how: Int32) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(how, &set, nil)
    }
}
