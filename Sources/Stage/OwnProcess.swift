import Files
import Foundation

/// This program once more, so that what is measured has a process of its own.
public enum OwnProcess {
    /// - Parameter task: what the process is for, for the message when it fails
    /// - Returns: what it printed on stdout; its stderr is this process's
    /// - Throws: `ChildFailed` when it did not end well; it has said why on stderr
    public static func output(of task: String, arguments: [String]) throws -> Data {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = arguments
        let output = Pipe()
        child.standardOutput = output
        try child.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        guard child.terminationReason == .exit, child.terminationStatus == 0 else {
            throw ChildFailed(task: task, status: child.terminationStatus)
        }
        return text
    }

    /// Ends this process a second after the one that started it: nobody is left to read what it measures.
    public static func endsWithParent() {
        let parent = getppid()
        Thread.detachNewThread {
            while getppid() == parent { sleep(1) }
            _exit(ExitStatus.internalError)
        }
    }
}

/// A child process has failed; what was wrong it has said itself.
public struct ChildFailed: ExitCoded, Equatable, CustomStringConvertible {
    public let task: String
    public let status: Int32
    public var exitCode: Int32 { (1..<128).contains(status) ? status : ExitStatus.internalError }
    public var description: String { "\(task) failed with status \(status) (see above)" }
}
