/// Errors between shards, teacher, student and the settings of an objective.
public enum DistillationError: Error, Equatable, CustomStringConvertible {
    case visualTokens(sample: String, found: Int, expected: Int)
    case tokenOutOfRange(sample: String, id: Int, vocabulary: Int)
    /// A setting that teacher, student or cached outputs cannot serve.
    case mismatch(what: String, found: String, expected: String, remedy: String)
    case missingTeacher(term: String)
    /// A model of which nothing says what ends a response.
    case noEndOfSequence(folder: String, token: String)

    /// One sentence with what was found, what was expected and the remedy.
    public var description: String {
        switch self {
        case .visualTokens(let sample, let found, let expected):
            "sample '\(sample)' holds \(found) visual tokens, the model makes \(expected) from an image: "
                + "pack the shards with the model's image size and patch"
        case .tokenOutOfRange(let sample, let id, let vocabulary):
            "sample '\(sample)' holds token \(id), the model's vocabulary ends at \(vocabulary - 1): "
                + "the shards were packed with another tokenizer; pack them with pack-shards --tokenizer and "
                + "the model's folder"
        case .mismatch(let what, let found, let expected, let remedy):
            "\(what) is \(found), expected \(expected): \(remedy)"
        case .missingTeacher(let term):
            "the weight of \(term) is not 0 but there is neither a teacher nor a cache that holds it: "
                + "give --teacher"
        case .noEndOfSequence(let folder, let token):
            "\(folder): neither its tokenizer.json (token '\(token)') nor its config.json says "
                + "what ends a response, so none can be sampled"
        }
    }
}
