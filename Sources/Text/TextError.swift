/// Things that can be wrong with the text files we are given.
public enum TextError: Error, CustomStringConvertible, Equatable, Sendable {
    /// A field asks for something this library does not do; an approximation would give other ids.
    case unsupported(file: String, field: String, found: String, supported: String)
    /// A template needs a token that the tokenizer does not know as an added token.
    case tokenMissing(token: String, purpose: String, remedy: String? = nil)
    /// An added token that the tokenizer does not find where it follows a word.
    case tokenNotCut(token: String)
    /// A setting has a value outside its range.
    case badSetting(name: String, found: String, expected: String)
    /// A training corpus that cannot give a tokenizer.
    case corpus(String)

    public var description: String {
        switch self {
        case .unsupported(let file, let field, let found, let supported):
            "\(file): '\(field)' is \(found), which is not supported; supported: \(supported)"
        case .tokenMissing(let token, let purpose, let remedy):
            "the tokenizer has no added token '\(token)', needed as \(purpose); "
                + (remedy ?? "choose another token in the settings or add it to tokenizer.json")
        case .tokenNotCut(let token):
            "the tokenizer does not find its added token '\(token)' behind a word: it looks for it in the "
                + "normalised text; set \"normalized\": false for this token in tokenizer.json"
        case .badSetting(let name, let found, let expected):
            "setting '\(name)' is \(found), expected \(expected)"
        case .corpus(let reason):
            "the training corpus cannot give a tokenizer: \(reason)"
        }
    }
}
