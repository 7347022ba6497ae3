import Foundation

/// Standard error: the user's terminal, or a log.
public enum StandardError {
    /// Writes one line.
    @Sendable public static func write(_ line: String) { put(line + "\n") }

    /// Writes text as it is. What cannot be written is lost: there is no place left to say so.
    @Sendable public static func put(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    public static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal; 80 where it does not say, or there is none.
    public static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
