import ArgumentParser
import Files
import Foundation
import Ranks

/// The shell of every executable: `StageMain.run(PackShards.self)` in its `main.swift`.
public enum StageMain {
    /// Parses the command line, runs the stage and exits: 0, or the error's sysexits code after one line on
    /// stderr.
    public static func run<Command: ParsableCommand>(_ type: Command.Type, arguments: [String]? = nil)
        -> Never
    {
        StandardDescriptors.secure()
        LostMapping.explain()
        AllocatorPolicy.set()
        let launch = Launch.current
        let say = RankStreams.start(launch)
        RankStreams.divideProcessors(launch)
        SignalThread.start()
        let status = status(
            type, arguments: arguments,
            say: launch.map { launch in { say("rank \(launch.rank) on \(HostName.current): \($0)") } } ?? say
        ) { print($0) }
        // Ending the others may end mpirun before it has passed on what this one said.
        if launch != nil, status != 0 { Thread.sleep(forTimeInterval: 0.25) }
        Ranks.end(status: status)
        exit(status)
    }

    /// `run` without the exit.
    ///
    /// - Parameters:
    ///   - say: takes lines for stderr
    ///   - show: takes help texts for stdout
    package static func status<Command: ParsableCommand>(
        _ type: Command.Type, arguments: [String]?, say: (String) -> Void, show: (String) -> Void
    ) -> Int32 {
        let name = type.configuration.commandName ?? "\(type)"
        do {
            try useEnvironment()
            if let stage = type as? any RecipeCommand.Type,
                let text = try stage.printed(arguments ?? Array(CommandLine.arguments.dropFirst()))
            {
                show(text)
                return 0
            }
            var command = try type.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            if let coded = error as? any ExitCoded {
                say("\(name): error: \(Excerpt.message("\(coded)"))")
                return coded.exitCode
            }
            let status = type.exitCode(for: error)
            if status == .success {
                show(type.fullMessage(for: error))
                return 0
            }
            // Anything the parser itself threw, and ValidationError, is the command line's fault.
            if status == .validationFailure {
                say("\(name): error: \(type.message(for: error))\nSee '\(name) --help'.")
                return ExitStatus.usage
            }
            if let code = error as? ExitCode { return code.rawValue }
            say("\(name): error: \(Excerpt.message("\(error)"))")
            return ExitStatus.code(for: error)
        }
    }
}

extension StageMain {
    /// Takes the user's limits, and refuses a command line that is not text: a name would lead to another
    /// file than the one it means.
    private static func useEnvironment() throws {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            let bytes = UnsafeBufferPointer(start: argument, count: strlen(argument)).map(
                UInt8.init(bitPattern:))
            guard String(validating: bytes, as: UTF8.self) == nil else { continue }
            throw StageError.usage(
                "argument \(index), '\(FileName.shown(bytes))', is not UTF-8: rename the "
                    + "file, or give another name"
            )
        }
        if let text = ProcessInfo.processInfo.environment[Limit.variable] { _ = try Limit.parse(text) }
    }
}

/// The form of every stage's `--help`.
public enum StageHelp {
    /// - Parameters:
    ///   - name: of the executable
    ///   - abstract: one line: what it reads and what it writes
    ///   - discussion: what else a user must know
    ///   - example: a command that works on the files of the stage before
    public static func configuration(
        _ name: String, abstract: String, discussion: String = "", example: String
    ) -> CommandConfiguration {
        let text = [discussion, "Example:\n  " + example.replacingOccurrences(of: "\n", with: "\n  ")].filter
        { !$0.isEmpty }
        return CommandConfiguration(
            commandName: name, abstract: abstract, discussion: text.joined(separator: "\n\n"))
    }
}
