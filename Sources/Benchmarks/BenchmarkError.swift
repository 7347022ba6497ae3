import Files
import Text

/// Things that can be wrong with benchmark files and answer files.
public enum BenchmarkError: ExitCoded, Equatable, CustomStringConvertible, Sendable {
    /// A benchmark's folder lacks a file the benchmark cannot do without.
    case missingFile(benchmark: String, file: String, folder: String)
    case unreadable(file: String, reason: String)
    /// A text that is not what its format says; `line` is 1-based.
    case malformed(file: String, line: Int, reason: String)
    /// Two files of one benchmark do not belong together, or a file is of another version.
    case otherVersion(file: String, found: String, expected: String, remedy: String)
    /// Answers that the reference scorer cannot pair with questions.
    case incomplete(file: String, benchmark: String, reason: String)
    /// Answers that say they were given to other questions than the benchmark's of the same ids.
    case otherQuestions(answers: String, count: Int, of: Int, line: Int, asked: String, expected: String)
    case unknownBenchmark(name: String, known: [String])
    /// The command line names no benchmark, one twice, or not the one that the recipe asks for.
    case noBenchmark
    case repeatedBenchmark
    case missingBenchmark(name: String)
    /// A benchmark without a question, and what it says of itself.
    case noQuestions(folder: String, notices: [String])
    /// A folder with several files that may hold the questions.
    case unclearFile(folder: String, candidates: [String])
    /// A conversation that nothing can be asked by.
    case badSample(place: String, problem: SampleProblem)
    case missingImage(file: String, question: String)
    case damagedImage(file: String, line: Int, field: String, reason: String)
    /// The text of a question is beyond the limit.
    case longQuestion(benchmark: String, question: String, bytes: Int)
    /// A prompt, visual tokens included, has more tokens than the model has positions.
    case longPrompt(benchmark: String, question: String, tokens: Int, most: Int)
    /// A model whose logits at a question are no numbers.
    case noLogits(benchmark: String, question: String)
    /// A file of a data set that differs from its manifest or from the lock file.
    case manifest(file: String, reason: String)

    public var description: String {
        switch self {
        case .missingFile(let benchmark, let file, let folder):
            "\(folder): not a \(benchmark) folder, it has no '\(file)'; give the folder that holds the "
                + "official release"
        case .otherQuestions(let answers, let count, let all, let line, let asked, let expected):
            "\(answers):\(line): the answer was given to '\(outside: asked)', the question of its id is "
                + "'\(outside: expected)' (\(count) of \(all) answers are to other questions); score them "
                + "with the benchmark that was asked"
        case .unreadable(let file, let reason):
            "\(file): cannot be read: \(reason)"
        case .malformed(let file, let line, let reason):
            "\(file):\(line): \(reason)"
        case .otherVersion(let file, let found, let expected, let remedy):
            "\(file): \(found), expected \(expected); \(remedy)"
        case .incomplete(let file, let benchmark, let reason):
            "\(file): cannot be scored as \(benchmark): \(reason)"
        case .unknownBenchmark(let name, let known):
            "there is no benchmark '\(name)'; known are \(known.joined(separator: ", "))"
        case .noBenchmark: "no benchmark: give --benchmark or --benchmarks"
        case .repeatedBenchmark: "two folders for one benchmark"
        case .missingBenchmark(let name):
            "the recipe asks for '\(name)', and no folder of it was given or found"
        case .noQuestions(let folder, let notices):
            (["\(folder): no questions to ask"] + notices).joined(separator: "; ")
        case .unclearFile(let folder, let candidates):
            "\(folder): which of \(candidates.joined(separator: ", ")) holds the questions? "
                + "Give the file instead of the folder, or call it \(QuestionsAndAnswers.files[0])"
        case .badSample(let place, let problem):
            "\(place): \(problem); mend or remove the record"
        case .missingImage(let file, let question):
            "\(file): this image of question \(question) does not exist; unpack the benchmark's images into "
                + "its folder"
        case .damagedImage(let file, let line, let field, let reason):
            "\(file):\(line): field '\(field)' holds no image: \(reason); download the file again"
        case .longQuestion(let benchmark, let question, let bytes):
            "\(benchmark): question \(outside: question) has \(bytes) bytes, at most "
                + "\(Limit.questionBytes.value) are asked (docs/limits.md); mend its file"
        case .longPrompt(let benchmark, let question, let tokens, let most):
            "\(benchmark): question \(outside: question) makes a prompt of \(tokens) tokens, the model "
                + "takes at most \(most); mend the question's file, or take a model with more positions"
        case .noLogits(let benchmark, let question):
            "\(benchmark): question \(outside: question): the model's logits are not finite numbers, though "
                + "its weights are: they overflow on the way; take a checkpoint from before the training "
                + "diverged"
        case .manifest(let file, let reason):
            "\(file): \(reason)"
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .missingFile, .unreadable, .missingImage: ExitStatus.missingInput
        case .unknownBenchmark, .noBenchmark, .repeatedBenchmark, .missingBenchmark, .noQuestions:
            ExitStatus.usage
        default: ExitStatus.badData
        }
    }
}
