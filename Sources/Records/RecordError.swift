/// A file that one stage wrote for another and that is not what its format says.
public enum RecordError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text is not JSON, or has no object where the format has one; `line` counts from 1.
    case malformed(file: String, line: Int, problem: String)
    /// A field is absent or of another type; `line` is given where the file has a record a line.
    case field(file: String, line: Int?, field: String, problem: String)
    /// The document names another format than its reader knows.
    case otherFormat(file: String, found: String, expected: String)
    /// The folder is not the result of the stage whose figures were asked for.
    case notMadeBy(stage: String, folder: String)

    public var description: String {
        switch self {
        case .malformed(let file, let line, let problem): "\(file):\(line): \(problem)"
        case .field(let file, let line, let field, let problem):
            "\(file)\(line.map { ":\($0)" } ?? ""): field '\(field)' \(problem)"
        case .otherFormat(let file, let found, let expected):
            "\(file): its format is \(found), this program reads \"\(expected)\"; make it again"
        case .notMadeBy(let stage, let folder):
            "\(folder): no receipt.json of \(stage): give the folder of a finished run of it"
        }
    }
}
