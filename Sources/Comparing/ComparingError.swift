/// Reason why runs cannot be compared.
public enum ComparingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A row and the baseline did not answer the same questions of a benchmark.
    case otherQuestions(row: String, baseline: String, column: String)
    /// The scores are those of several models, or of none.
    case notOneModel(file: String, models: [String])

    public var description: String {
        switch self {
        case .otherQuestions(let row, let baseline, let column):
            "\(row) and the baseline '\(baseline)' answered different questions of \(column); "
                + "score both with the same benchmarks"
        case .notOneModel(let file, let models):
            "\(file): it has the scores of \(models.count) models (\(models.joined(separator: ", "))), "
                + "expected those of one"
        }
    }
}
