import Files
import Foundation

/// The end of a process whose mapped file has become shorter, or cannot be read any more.
enum LostMapping {
    /// Has the process say so and end with 74, as where a file cannot be read: SIGBUS alone says nothing.
    static func explain() {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            // In a handler: no memory may be asked for.
            let text: StaticString = """
                error: a file that is in use became shorter, or its disk failed (SIGBUS): do not write over \
                weights while a stage computes with them; run it again

                """
            _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(ExitStatus.inputOutput)
        }
        sigaction(SIGBUS, &action, nil)
    }
}
