import ArgumentParser
import Files
import Foundation

/// Feeds mutated inputs to every parser of files that others make. A process that dies, does not end, or
/// takes too much memory or time leaves the input behind and the command that shows it again.
struct FuzzParsers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz-parsers", abstract: "Feeds mutated inputs to the parsers of outside data.")

    @Option(help: "A parser; may be repeated. All unless given.") var parser: [String] = []
    @Option(help: "Time for all parsers together.") var seconds = 60.0
    @Option(help: "Executions of each parser, instead of a time.") var executions: Int?
    @Option(help: "Seed of the mutations.") var seed: UInt64 = 1
    @Option(help: "Runs one parser on this file once.") var input: String?
    @Option(help: "Folder for inputs that fail.") var out = "fuzz-failures"
    @Option(help: .hidden) var worker: String?

    func run() throws {
        setenv(Limit.variable, Self.limits, 1)  // before the first is asked for
        let chosen = try parser.isEmpty ? Parser.all : parser.map(Parser.named)
        if let input {
            guard let only = chosen.first, chosen.count == 1 else {
                throw ValidationError("--input needs one --parser")
            }
            print(only.outcome(try InputBytes.read(URL(fileURLWithPath: input))))
            return
        }
        if let worker {
            let share = seconds / Double(max(1, chosen.count))
            for one in chosen {
                try Worker(one, seed: seed, board: Board(path: worker, creates: false))
                    .run(seconds: share, executions: executions)
            }
            return
        }
        var failures = 0
        for one in chosen {
            failures += try Watch(one, seed: seed, out: URL(fileURLWithPath: out))
                .run(seconds: seconds / Double(chosen.count), executions: executions)
        }
        if failures > 0 { throw ExitCode(1) }
    }

    /// Small enough that what is beyond them shows in the memory of the process.
    static let limits = """
        file_bytes=4000000,record_bytes=1000000,json_values=200000,yaml_bytes=100000,yaml_values=20000,\
        compression_free_bytes=4000000,compression_ratio=100,member_bytes=1000000,archive_members=10000,\
        image_pixels=4000000,image_side=20000,vocabulary=100000
        """
}
