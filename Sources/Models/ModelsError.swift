import Files

/// Things that can be wrong with a model folder or with a request to a model.
public enum ModelsError: Error, CustomStringConvertible, Equatable {
    /// The file is not the JSON object it should be.
    case notAnObject(file: String, problem: String)
    /// The folder holds no weights that can be read.
    case noWeights(folder: String, problem: String)
    case missingTensor(place: String, tensor: String, shape: [Int], near: [String])
    case wrongShape(file: String, tensor: String, found: [Int], expected: [Int])
    case wrongType(file: String, tensor: String, found: String)
    /// A stored number is infinite or none: the checkpoint of a run that diverged, or a damaged one.
    case notFinite(file: String, tensor: String, index: Int, value: Float)
    /// Logits of what follows a prompt, by its number.
    case logitsNotFinite(prompt: Int)
    /// Two stored tensors mean the same weight.
    case duplicateTensor(file: String, first: String, second: String)
    /// Stored tensors that the configuration has no place for.
    case unexpectedTensors(place: String, names: [String])
    /// Placeholders and visual tokens do not go together.
    case placeholders(found: Int, expected: Int)
    case idOutOfRange(id: Int, position: Int, vocabulary: Int)
    /// Images of another size than the tower takes.
    case imageSize(found: [Int], expected: Int)
    /// The model has no vision tower.
    case noVision
    /// A tokenizer has more ids than the model has embedding rows.
    case vocabularyTooSmall(rows: Int, needed: Int, tokenizer: String)
    /// The parts to be put together do not fit.
    case cannotAssemble(problem: String)

    public var description: String {
        switch self {
        case .notAnObject(let file, let problem):
            return "\(file): \(problem), expected a JSON object"
        case .noWeights(let folder, let problem):
            return "\(folder): \(problem)"
        case .missingTensor(let place, let tensor, let shape, let near):
            let hint =
                near.isEmpty ? "" : "; it has \(near.map { "'\(outside: $0)'" }.joined(separator: ", "))"
            return
                "\(place): there is no tensor '\(outside: tensor)' \(shape), which config.json "
                + "asks for\(hint)"
                + (tensor == CheckpointNames.head
                    ? "; where the embedding table is the head, tie_word_embeddings is true" : "")
        case .wrongShape(let file, let tensor, let found, let expected):
            return "\(file): '\(outside: tensor)' is \(found), config.json asks for \(expected)"
        case .wrongType(let file, let tensor, let found):
            return
                "\(file): '\(outside: tensor)' has element type \(found), expected F32, BF16 or F16; "
                + "convert the checkpoint"
        case .notFinite(let file, let tensor, let index, let value):
            return
                "\(file): '\(outside: tensor)' holds \(value) at index \(index), expected finite numbers; "
                + "take a checkpoint from before the training diverged, or fetch it again"
        case .logitsNotFinite(let prompt):
            return
                "prompt \(prompt + 1): the logits of the next token are not finite numbers: the weights are, "
                + "and overflow on the way; take a checkpoint from before the training diverged, or fetch it "
                + "again"
        case .duplicateTensor(let file, let first, let second):
            return
                "\(file): '\(outside: first)' and '\(outside: second)' are two tensors for one weight; "
                + "remove one of them"
        case .unexpectedTensors(let place, let names):
            let shown = names.prefix(3).map { "'\(outside: $0)'" }.joined(separator: ", ")
            let more = names.count > 3 ? " and \(names.count - 3) more" : ""
            return
                "\(place): config.json has no place for \(shown)\(more); the configuration belongs to "
                + "another model"
        case .placeholders(let found, let expected):
            return
                "the text has \(found) visual placeholders and the images make \(expected) visual tokens; "
                + "they must be equal"
        case .idOutOfRange(let id, let position, let vocabulary):
            return
                "token \(id) at position \(position) is not one of the model's \(vocabulary) ids; the "
                + "tokenizer belongs to another model"
        case .imageSize(let found, let expected):
            return "images of shape \(found) do not fit a vision tower for \(expected) x \(expected) pixels"
        case .noVision:
            return "this model has no vision tower; take a LLaVA checkpoint, or make one with assemble-model"
        case .vocabularyTooSmall(let rows, let needed, let tokenizer):
            return
                "\(tokenizer): has ids up to \(needed - 1), the model has \(rows) embedding rows; take the "
                + "model's own tokenizer"
        case .cannotAssemble(let problem):
            return problem
        }
    }
}
