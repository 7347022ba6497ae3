/// Errors of making a world.
public enum WorldError: Error, CustomStringConvertible {
    case noScene(split: String, purpose: String, index: Int)
    case phraseNotEncoded(phrase: String, found: Int)

    public var description: String {
        switch self {
        case .noScene(let split, let purpose, let index):
            "no scene for split '\(split)', \(purpose) number \(index): 100,000 drawn layouts belong to "
                + "other splits; raise maximumItems"
        case .phraseNotEncoded(let phrase, let found):
            "tokenizer: '\(phrase)' becomes \(found) tokens, expected 1; the phrase is missing from "
                + "added_tokens"
        }
    }
}
