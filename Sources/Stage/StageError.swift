import Files

/// Errors of the machinery that every stage shares.
public enum StageError: ExitCoded, Equatable, CustomStringConvertible {
    /// A setting is unknown, of the wrong type, missing or out of range. `place` is `file:line` or the
    /// option.
    case badSetting(place: String, key: String, problem: String, isOption: Bool)
    /// A recipe file is not YAML, or its bases run in a circle.
    case badRecipe(file: String, problem: String)
    /// The command line asks for something impossible.
    case usage(String)
    /// SIGINT or SIGTERM came; the state is saved.
    case interrupted(String)

    public var description: String {
        switch self {
        case .badSetting(let place, let key, let problem, _): "\(place): '\(key)' \(problem)"
        case .badRecipe(let file, let problem): "\(file): \(problem)"
        case .usage(let text): text
        case .interrupted(let text): "interrupted: \(text)"
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .badSetting(_, _, _, let isOption): isOption ? ExitStatus.usage : ExitStatus.badData
        case .badRecipe: ExitStatus.badData
        case .usage: ExitStatus.usage
        case .interrupted: ExitStatus.tryAgain
        }
    }
}
