import Files

/// How weights are stored.
public enum StoredType: String, Codable, CaseIterable, Sendable {
    case f32, bf16, f16

    /// - Returns: nil for a type that no weights are stored as
    init?(_ type: ElementType) {
        guard let found = Self.allCases.first(where: { $0.elementType == type }) else { return nil }
        self = found
    }

    public var elementType: ElementType {
        switch self {
        case .f32: .float32
        case .bf16: .bfloat16
        case .f16: .float16
        }
    }

    /// The name in `config.json`: PyTorch's.
    var configurationName: String {
        switch self {
        case .f32: "float32"
        case .bf16: "bfloat16"
        case .f16: "float16"
        }
    }
}
