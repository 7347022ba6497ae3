import Files

/// What can be wrong with answers that a model writes.
public enum AnsweringError: ExitCoded, Equatable, CustomStringConvertible {
    /// No answer passed the filters; `reasons` are why, with how many answers each.
    case nothingKept(samples: Int, reasons: [String: Int])
    /// A model whose predictions are no numbers.
    case notFinite(sample: String)

    /// One sentence with what was found and the remedy.
    public var description: String {
        switch self {
        case .nothingKept(let samples, let reasons):
            let counts = reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            return
                "of \(samples) samples no answer is kept (\(counts.joined(separator: ", "))): loosen "
                + "'filter' in the recipe, or allow longer answers with maximum_new_tokens"
        case .notFinite(let sample):
            return
                "sample '\(outside: sample)': the probability of an answer is not a number: the model's "
                + "weights are broken"
        }
    }

    public var exitCode: Int32 { ExitStatus.badData }
}
