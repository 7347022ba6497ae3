import Files
import Foundation

/// The user's terminal, or the log.
public enum StandardError {
    /// Writes one line.
    @Sendable public static func write(_ line: String) { put(line + "\n") }

    /// Writes what a stage's user should know about something that was read, a line each.
    public static func write(_ notices: [String], of stage: String) {
        for notice in notices { write("\(stage): \(Excerpt.message(notice))") }
    }

    /// Writes text as it is. What cannot be written is dropped: there is no place left to say so, and a full
    /// or closed log is no reason to lose the work it speaks of.
    @Sendable public static func put(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    public static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal; 80 where it does not say, or there is none.
    public static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
