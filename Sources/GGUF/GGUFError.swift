import Files

/// Reasons why a model cannot be written for llama.cpp.
public enum GGUFError: ExitCoded, Equatable, CustomStringConvertible {
    /// Something of the model that llama.cpp does not have; leaving it out would change what it says.
    case notInLlamaCpp(file: String, field: String, found: String, known: String)
    /// A weight that half precision cannot hold.
    case outOfRange(tensor: String, value: Float, type: GGUFType)

    public var description: String {
        switch self {
        case .notInLlamaCpp(let file, let field, let found, let known):
            "\(file): '\(field)' is \(found), which llama.cpp does not have; it has \(known)"
        case .outOfRange(let tensor, let value, let type):
            "tensor '\(tensor)' holds \(value), which \(type.rawValue) cannot; write bf16 or f32"
        }
    }

    public var exitCode: Int32 { ExitStatus.badData }
}
