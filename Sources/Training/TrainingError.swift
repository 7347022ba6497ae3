/// Errors of a training run that are no fault of the program.
public enum TrainingError: Error, CustomStringConvertible {
    case notFinite(step: Int, samples: [String])
    case badState(path: String, problem: String)
    case otherRun(path: String, found: String, expected: String)
    case noSamples(path: String)
    case nothingToTrain
    case nothingToLearn

    /// One sentence with what was found and the remedy.
    public var description: String {
        switch self {
        case .notFinite(let step, let samples):
            "the loss of step \(step) is not a finite number (samples "
                + samples.prefix(4).joined(separator: ", ") + (samples.count > 4 ? ", …" : "")
                + "): lower the learning rate or look at these samples"
        case .badState(let path, let problem): "\(path): \(problem): delete it to start from the beginning"
        case .otherRun(let path, let found, let expected):
            "\(path): this state belongs to a run with other settings or inputs "
                + "(\(found.prefix(12)), now \(expected.prefix(12))): delete it, or give another --out"
        case .noSamples(let path): "\(path): the data set holds no sample"
        case .nothingToTrain:
            "no part of the model is trained: "
                + "name at least one of vision, projector, language under 'trainable'"
        case .nothingToLearn:
            "all weights of the objective are 0: give at least one of sft, iva, kd, tpa a weight"
        }
    }
}
