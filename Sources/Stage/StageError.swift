import Files

/// Errors of the machinery that every stage shares.
public enum StageError: ExitCoded, Equatable, CustomStringConvertible {
    /// A recipe file is not YAML, or its bases run in a circle.
    case badRecipe(file: String, problem: String)
    /// The command line asks for something impossible.
    case usage(String)
    /// SIGINT or SIGTERM came; the state is saved.
    case interrupted(String)

    public var description: String {
        switch self {
        case .badRecipe(let file, let problem): "\(file): \(problem)"
        case .usage(let text): text
        case .interrupted(let text): "interrupted: \(text)"
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .badRecipe: ExitStatus.badData
        case .usage: ExitStatus.usage
        case .interrupted: ExitStatus.tryAgain
        }
    }
}
