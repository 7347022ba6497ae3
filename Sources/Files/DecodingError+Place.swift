extension DecodingError {
    /// The field that is missing or of the wrong kind, `shards.3.samples`; what is wrong with the whole
    /// where it is no field.
    package var place: String {
        func spelled(_ keys: [any CodingKey], _ context: Context) -> String {
            let path = keys.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : path
        }
        return switch self {
        case .keyNotFound(let key, let context): spelled(context.codingPath + [key], context)
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            spelled(context.codingPath, context)
        @unknown default: "unknown"
        }
    }
}
