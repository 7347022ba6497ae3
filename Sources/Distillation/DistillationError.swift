/// What the world can get wrong between shards, teacher, student and cache.
public enum DistillationError: Error, CustomStringConvertible {
    case visualTokens(sample: String, found: Int, expected: Int)
    case tokenOutOfRange(sample: String, id: Int, vocabulary: Int)
    case mismatch(what: String, found: String, expected: String, remedy: String)
    case missingEntry(path: String, shard: String)
    case badEntry(path: String, problem: String)
    /// An entry of the store whose bytes are not those that were written.
    case damagedEntry(path: String, problem: String)
    case missingTeacher(term: String)
    case unequalInputs(problem: String)
    case badInput(path: String, tensor: String, problem: String)
    /// A data set without a response that can be looked at.
    case noResponses(path: String, samples: Int, least: Int)
    /// A model whose predictions are no numbers.
    case notFinite(sample: String, model: String)

    public var description: String {
        switch self {
        case .visualTokens(let sample, let found, let expected):
            "sample '\(sample)' holds \(found) visual tokens, the model makes \(expected) from an image: pack the shards with the model's image size and patch"
        case .tokenOutOfRange(let sample, let id, let vocabulary):
            "sample '\(sample)' holds token \(id), the model's vocabulary ends at \(vocabulary - 1): the shards were packed with another tokenizer"
        case .mismatch(let what, let found, let expected, let remedy):
            "\(what) is \(found), expected \(expected): \(remedy)"
        case .missingEntry(let path, let shard):
            "\(path): no teacher outputs for shard \(shard): run cache-teacher on these shards with these settings, or train with --teacher"
        case .badEntry(let path, let problem): "\(path): \(problem): delete it and run cache-teacher again"
        case .damagedEntry(let path, let problem):
            "\(path): the entry is damaged: \(problem): run cache-teacher again, or train with --teacher: either computes this entry anew"
        case .missingTeacher(let term):
            "the weight of \(term) is not 0 but there is neither a teacher nor a cache that holds it: give --teacher"
        case .unequalInputs(let problem): problem
        case .badInput(let path, let tensor, let problem): "\(path): tensor '\(tensor)' \(problem)"
        case .noResponses(let path, let samples, let least):
            "\(path): none of \(samples) samples has an answer of at least \(least) tokens: give shards with longer answers, or lower minimum_response"
        case .notFinite(let sample, let model):
            "sample '\(sample)': the divergence of \(model) is not a number: its weights, or the teacher's, are broken"
        }
    }
}
