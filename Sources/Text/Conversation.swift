/// Who speaks: LLaVA's names.
public enum ConversationRole: String, Sendable, Codable {
    case human, gpt
}

/// One turn of a conversation, its text as the data has it, `<image>` marker included.
public struct ConversationTurn: Sendable, Equatable {
    /// Who speaks.
    public let role: ConversationRole
    /// Words of the turn, markers of images included.
    public let text: String

    public init(_ role: ConversationRole, _ text: String) {
        self.role = role
        self.text = text
    }
}

/// A piece of a rendered conversation.
public enum Segment: Sendable, Equatable {
    /// Text; its tokens are labels when it is supervised.
    case text(String, supervised: Bool)
    /// Place of the image.
    case image
}

/// A question and its answer.
public struct Exchange: Sendable, Equatable {
    public let hasImage: Bool
    /// The question without its marker.
    public let question: String
    public let answer: String

    public init(hasImage: Bool, question: String, answer: String) {
        (self.hasImage, self.question, self.answer) = (hasImage, question, answer)
    }
}

/// A question of a conversation, with the answer that the data has for it.
public struct AskedQuestion: Sendable, Equatable {
    public let hasImage: Bool
    /// The question without its marker.
    public let question: String
    /// The question as the data has it, marker included.
    public let text: String
    /// Nil where the data has no answer.
    public fileprivate(set) var answer: String?

    /// The questions of a conversation by LLaVA's rules, but that any may lack its answer: there is none, or
    /// it is nothing but white space.
    ///
    /// - Parameter imageCount: how many images the sample has; as many markers are wanted
    public static func all(
        of turns: [ConversationTurn], imageCount: Int
    ) throws(SampleProblem) -> [AskedQuestion] {
        try Conversation(turns, imageCount: imageCount, needsAnswers: false).questions
    }
}

extension Exchange {
    /// The questions and answers of a conversation, in order, by LLaVA's rules.
    ///
    /// - Parameter imageCount: how many images the sample has; as many markers are wanted
    public static func all(
        of turns: [ConversationTurn], imageCount: Int
    ) throws(SampleProblem) -> [Exchange] {
        try Conversation(turns, imageCount: imageCount).exchanges
    }
}

/// A conversation checked by LLaVA's rules, ready for a template.
struct Conversation {
    static let imageMarker = "<image>"

    let questions: [AskedQuestion]

    /// Questions with their answers; one that lacks it is left out.
    var exchanges: [Exchange] {
        questions.compactMap { asked in
            asked.answer.map { Exchange(hasImage: asked.hasImage, question: asked.question, answer: $0) }
        }
    }

    /// LLaVA's `preprocess` and `preprocess_multimodal`: a leading answer is dropped; of a turn with markers
    /// they go and the rest is stripped, for one image (and a newline) to stand before it, wherever they
    /// stood.
    ///
    /// - Parameter needsAnswers: whether a question without an answer is a problem
    init(_ turns: [ConversationTurn], imageCount: Int, needsAnswers: Bool = true) throws(SampleProblem) {
        let dropped = turns.first?.role == .gpt ? 1 : 0
        let kept = turns.dropFirst(dropped)
        guard !kept.isEmpty else { throw .noTurns }
        var markers = 0
        var questions: [AskedQuestion] = []
        var isOpen = false  // whether the last question waits for its answer
        for (index, turn) in zip(kept.indices, kept) {
            let expected: ConversationRole = isOpen ? .gpt : .human
            guard turn.role == expected || isOpen && !needsAnswers else {
                throw .rolesDoNotAlternate(turn: index)
            }
            let pieces = Conversation.splitAtMarkers(turn.text)
            let hasImage = pieces.count > 1
            guard !hasImage || turn.role == .human else { throw .misplacedImageMarker(turn: index) }
            markers += hasImage ? 1 : 0
            let text = hasImage ? Conversation.stripped(pieces.joined()) : turn.text
            let isEmpty = !hasImage && Conversation.stripped(text).isEmpty
            guard !isEmpty || turn.role == .gpt && !needsAnswers else { throw .emptyTurn(turn: index) }
            isOpen = turn.role == .human
            if isOpen {
                questions.append(AskedQuestion(hasImage: hasImage, question: text, text: turn.text))
            } else if !isEmpty {
                questions[questions.count - 1].answer = text
            }
        }
        if isOpen, needsAnswers { throw .unanswered(turn: turns.count - 1) }
        guard markers == imageCount else { throw .imageMarkers(found: markers, images: imageCount) }
        self.questions = questions
    }

    private static func splitAtMarkers(_ text: String) -> [String] {
        // Over UTF-8: a combining mark after `>` must not hide the marker.
        let marker = Array(imageMarker.utf8)
        let bytes = Array(text.utf8)
        var pieces: [String] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            if bytes[index] == marker[0], bytes[index...].starts(with: marker) {
                pieces.append(String(decoding: bytes[start..<index], as: UTF8.self))
                index += marker.count
                start = index
            } else {
                index += 1
            }
        }
        return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// Python's `str.strip()`.
    private static func stripped(_ text: String) -> String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
        }
        var scalars = Substring(text).unicodeScalars
        while let first = scalars.first, isSpace(first) { scalars.removeFirst() }
        while let last = scalars.last, isSpace(last) { scalars.removeLast() }
        return String(scalars)
    }
}
