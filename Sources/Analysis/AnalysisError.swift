import Files

/// Errors of the data and models that are looked at.
public enum AnalysisError: Error, Equatable, CustomStringConvertible {
    /// A tensor of a trace's input that does not belong to the others.
    case badInput(path: String, tensor: String, problem: String)
    /// Features are asked for of samples of which none has a picture.
    case noPicture
    /// A data set without a response that can be looked at.
    case noResponses(path: String, samples: Int, least: Int)
    /// A walk that would go beyond the positions that a model was trained with.
    case tooLong(path: String, sample: String, tokens: Int, positions: Int)
    /// A model whose predictions are no numbers.
    case notFinite(sample: String, model: String)

    /// One sentence with what was found and the remedy.
    public var description: String {
        switch self {
        case .badInput(let path, let tensor, let problem): "\(path): tensor '\(tensor)' \(problem)"
        case .noPicture:
            "none of the samples has a picture, so there are no features: name others, or leave 'features' "
                + "out of 'parts'"
        case .noResponses(let path, let samples, let least):
            "\(path): none of \(samples) samples has an answer of at least \(least) tokens: "
                + "give shards with longer answers, or lower minimum_response"
        case .tooLong(let path, let sample, let tokens, let positions):
            "\(path): the walk along sample '\(outside: sample)' has up to \(tokens) tokens, a model has "
                + "\(positions) positions (max_position_embeddings): lower the length, or pack less"
        case .notFinite(let sample, let model):
            "sample '\(sample)': the divergence of \(model) is not a number: "
                + "its weights, or the teacher's, are broken"
        }
    }
}
