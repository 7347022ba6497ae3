/// Errors of a store of teacher outputs, and of what it is filled from.
public enum StoreError: Error, Equatable, CustomStringConvertible {
    case missingEntry(path: String, shard: String)
    /// A file that cannot be what it should be.
    case badEntry(path: String, problem: String)
    /// An entry of the store whose bytes are not those that were written.
    case damagedEntry(path: String, problem: String)
    /// Outputs of other data, another teacher or other settings than those given.
    case mismatch(what: String, found: String, expected: String, remedy: String)
    /// A setting of teacher outputs that makes no sense.
    case badSetting(problem: String)
    /// An `index.json` that might name entries and cannot be read.
    case unreadableIndex(path: String)
    /// A data set without two samples whose alphas could be compared.
    case noRelevance(path: String)
    /// A store with entries that are damaged, or that the teacher does not say again.
    case failedVerification(store: String, findings: String)
    case nothingToRecompute(store: String)
    /// A teacher whose logits or attention weights for a sample are not finite numbers; its weights are, or
    /// it would not have been read.
    case notFinite(shard: String, sample: String)
    /// A teacher in int8 that says too much else than in bf16; KL in nats.
    case quantization(divergence: Double, highest: Double)

    /// One sentence with the file, what was found, what was expected and the remedy.
    public var description: String {
        switch self {
        case .missingEntry(let path, let shard):
            "\(path): no teacher outputs for shard \(shard): "
                + "run cache-teacher on these shards with these settings, or train with --teacher"
        case .badEntry(let path, let problem): "\(path): \(problem): delete it and run cache-teacher again"
        case .damagedEntry(let path, let problem):
            "\(path): the entry is damaged: \(problem): "
                + "run cache-teacher again, or train with --teacher: either computes this entry anew"
        case .mismatch(let what, let found, let expected, let remedy):
            "\(what) is \(found), expected \(expected): \(remedy)"
        case .badSetting(let problem): "teacher outputs: \(problem)"
        case .unreadableIndex(let path):
            "\(path): it is not readable JSON and might name entries: mend or remove it first"
        case .noRelevance(let path):
            "\(path): fewer than two samples with an image and a question after it, so no layer's "
                + "instruction relevance can be measured: name the layer (saliency_layer) instead"
        case .failedVerification(let store, let findings): "\(store): \(findings)"
        case .nothingToRecompute(let store):
            "\(store): it holds no entry of this teacher, these shards and this precision to recompute"
        case .notFinite(let shard, let sample):
            "\(shard): what the teacher says of sample '\(outside: sample)' is no finite number, though "
                + "its weights are: it overflows; try 'precision: fp32'"
        case .quantization(let divergence, let highest):
            "int8 changes the teacher by a KL of \(divergence) nats in the mean, and "
                + "int8.highest_divergence is \(highest): take bf16 for the teacher's precision, or allow "
                + "more"
        }
    }
}
