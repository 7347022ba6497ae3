import Foundation

/// A stage's executable, built beside the tests.
public struct StageProcess: Sendable {
    public let executable: URL

    /// - Returns: nil where the stage was not built
    public init?(_ stage: String) {
        let url = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent(stage)
        guard FileManager.default.isExecutableFile(atPath: url.path) else { return nil }
        executable = url
    }

    public struct Outcome {
        /// The exit status; 128 and the signal's number for a process that a signal ended.
        public let status: Int32
        public let output, errors: String
    }

    /// Runs it to its end.
    public func run(_ arguments: [String]) throws -> Outcome {
        try Self.run(executable, arguments)
    }

    /// Runs it through a shell, so that descriptors can be redirected: `2>&-`, `2>/dev/full`.
    ///
    /// - Parameters:
    ///   - assigning: variables of its environment, `NAME='value'`
    ///   - before: commands of the shell that come before: `ulimit -f 1`
    public func run(
        _ arguments: [String], redirected: String = "", assigning: String = "", after before: String = ":"
    ) throws -> Outcome {
        try Self.run(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "\(before); \(assigning) exec \"$0\" \"$@\" \(redirected)", executable.path] + arguments)
    }

    private static func run(_ executable: URL, _ arguments: [String]) throws -> Outcome {
        let process = Process()
        (process.executableURL, process.arguments) = (executable, arguments)
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let texts = [output, errors].map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        let status = process.terminationStatus
        return Outcome(
            status: process.terminationReason == .exit ? status : 128 + status, output: texts[0],
            errors: texts[1])
    }
}
