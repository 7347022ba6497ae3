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
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let thread = Thread {
            var taken = sigset_t()
            sigemptyset(&taken)
            for signal in signals { sigaddset(&taken, signal) }
            pthread_sigmask(SIG_UNBLOCK, &taken, nil)
            while true { pause() }
        }
        thread.stackSize = 1 << 16
        thread.start()
    }
}
