/// Why a sample cannot be trained on. Reported and counted where samples are read, never passed over in
/// silence.
public enum SampleProblem: Error, CustomStringConvertible, Hashable, Sendable {
    /// No turn is left (after a leading answer has been dropped).
    case noTurns
    /// `from` is neither `human` nor `gpt`. Turns count from 0, as the file has them.
    case unknownRole(String, turn: Int)
    case rolesDoNotAlternate(turn: Int)
    /// A question or an answer of nothing but white space.
    case emptyTurn(turn: Int)
    /// The conversation ends with a question.
    case unanswered(turn: Int)
    case imageMarkers(found: Int, images: Int)
    /// `<image>` in an answer.
    case misplacedImageMarker(turn: Int)
    /// No answer is short enough to make a caption of.
    case noShortAnswer(words: Int)
    /// The template cannot hold such a conversation.
    case unfitForTemplate(String)
    /// A sample holds at most one image.
    case severalImages(Int)
    /// The length limit would cut into the visual tokens.
    case visualTokensCut(needed: Int, maximumLength: Int)
    /// Every label is masked: there is nothing to learn from.
    case nothingSupervised

    /// A short name to count problems by.
    public var kind: String {
        switch self {
        case .noTurns: "no-turns"
        case .unknownRole: "unknown-role"
        case .rolesDoNotAlternate: "roles-do-not-alternate"
        case .emptyTurn: "empty-turn"
        case .unanswered: "unanswered"
        case .imageMarkers: "image-markers"
        case .misplacedImageMarker: "misplaced-image-marker"
        case .noShortAnswer: "no-short-answer"
        case .unfitForTemplate: "unfit-for-template"
        case .severalImages: "several-images"
        case .visualTokensCut: "visual-tokens-cut"
        case .nothingSupervised: "nothing-supervised"
        }
    }

    public var description: String {
        switch self {
        case .noTurns: "the conversation has no turns"
        case .unknownRole(let role, let turn): "turn \(turn) is from '\(role)', expected 'human' or 'gpt'"
        case .rolesDoNotAlternate(let turn):
            "turn \(turn) has the role of the turn before it; roles must alternate, beginning with human"
        case .emptyTurn(let turn): "turn \(turn) is empty"
        case .unanswered(let turn): "turn \(turn), the last, is a question without an answer"
        case .imageMarkers(let found, let images): "\(found) <image> markers for \(images) images"
        case .misplacedImageMarker(let turn): "turn \(turn): <image> belongs into a human turn"
        case .noShortAnswer(let words): "no answer of at most \(words) words to make a caption of"
        case .unfitForTemplate(let reason): reason
        case .severalImages(let count): "\(count) images, a sample holds at most one"
        case .visualTokensCut(let needed, let maximum):
            "the visual tokens end at \(needed), beyond the limit of \(maximum) tokens; "
                + "raise the limit or shorten the text before the image"
        case .nothingSupervised: "no answer token is left within the length limit"
        }
    }
}
