/// What can be wrong with the text files we are given.
public enum TextError: Error, CustomStringConvertible, Equatable, Sendable {
    /// The file could not be read at all.
    case unreadable(file: String, reason: String)
    /// The bytes are not JSON: what was expected at this byte offset.
    case malformedJSON(file: String, offset: Int, expected: String)
    /// A field is missing or holds something it cannot hold.
    case badField(file: String, field: String, found: String, expected: String)
    /// A field asks for something this library does not do; an approximation would give other ids.
    case unsupported(file: String, field: String, found: String, supported: String)
    /// A template needs a token that the tokenizer does not know as an added token.
    case tokenMissing(token: String, purpose: String)
    /// A setting has a value outside its range.
    case badSetting(name: String, found: String, expected: String)
    /// A training corpus that cannot give a tokenizer.
    case corpus(String)

    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file): cannot be read (\(reason)); check the path and its permissions"
        case .malformedJSON(let file, let offset, let expected):
            "\(file): not valid JSON at byte \(offset): expected \(expected); is the file complete?"
        case .badField(let file, let field, let found, let expected):
            "\(file): '\(field)' is \(found), expected \(expected)"
        case .unsupported(let file, let field, let found, let supported):
            "\(file): '\(field)' is \(found), which is not supported; supported: \(supported)"
        case .tokenMissing(let token, let purpose):
            "the tokenizer has no added token '\(token)', needed as \(purpose); "
                + "choose another token in the settings or add it to tokenizer.json"
        case .badSetting(let name, let found, let expected):
            "setting '\(name)' is \(found), expected \(expected)"
        case .corpus(let reason):
            "the training corpus cannot give a tokenizer: \(reason)"
        }
    }
}
