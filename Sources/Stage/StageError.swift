import Files

/// Errors of the machinery that every stage shares.
public enum StageError: ExitCoded, Equatable, CustomStringConvertible {
    /// A recipe file is not YAML, or its bases run in a circle.
    case badRecipe(file: String, problem: String)
    /// The command line asks for something impossible.
    case usage(String)
    /// The output folder is an input, a link, or somebody else's.
    case badOutput(path: String, problem: String)
    /// Another process writes into the output folder.
    case busy(path: String)
    /// Weights were written over, or taken away, while the stage computed with them.
    case inputChanged(path: String)
    /// SIGINT, SIGTERM or SIGHUP came; the state is saved.
    case interrupted(String)

    public var description: String {
        switch self {
        case .badRecipe(let file, let problem): "\(file): \(problem)"
        case .usage(let text): text
        case .badOutput(let path, let problem): "--out \(path) \(problem)"
        case .busy(let path):
            "\(path): another process is writing into it: wait for it, or give another --out"
        case .inputChanged(let path):
            "\(path): was changed while the stage computed with it, so the result is of neither file; remove "
                + "the output and run it again"
        case .interrupted(let text): "interrupted: \(text)"
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .badRecipe, .inputChanged: ExitStatus.badData
        case .usage, .badOutput: ExitStatus.usage
        case .busy, .interrupted: ExitStatus.tryAgain
        }
    }
}
