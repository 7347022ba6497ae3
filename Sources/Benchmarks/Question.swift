import Files
import Foundation
import Text

/// A question's id as its file writes it: a JSON integer or a JSON string, never one for the other.
public enum QuestionID: Hashable, Sendable, CustomStringConvertible {
    case integer(Int)
    case string(String)

    public var description: String {
        switch self {
        case .integer(let value): String(value)
        case .string(let value): value
        }
    }

    /// The id as its file writes it.
    public var json: JSONValue {
        switch self {
        case .integer(let value): .int(value)
        case .string(let value): .string(value)
        }
    }

    public static func == (left: QuestionID, right: QuestionID) -> Bool {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): a == b
        case (.string(let a), .string(let b)): a.isExactly(b)
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let value): hasher.combine(value)
        case .string(let value): for byte in value.utf8 { hasher.combine(byte) }
        }
    }
}

extension JSONField {
    /// A question's id, of the type it has in the file.
    func questionID() throws -> QuestionID {
        switch value {
        case .int(let number)?: .integer(number)
        case .string(let text)?: .string(text)
        default: throw bad(expected: "an integer or a string")
        }
    }
}

/// One thing to ask a model.
public struct Question: Sendable {
    /// Id of the question.
    public let id: QuestionID
    /// Text of the user's turn, complete with the instruction line, without `<image>`: `{T}` of the
    /// specification.
    public let text: String
    /// Text that the answer record keeps as `prompt`; it differs from `text` in ScienceQA and MMBench.
    public let savedPrompt: String
    /// Picture the question is about.
    public let image: ImageSource
    /// The question file's category, or the subset or subtask.
    public let category: String
    /// The choices in order (MMBench); the answer record repeats them.
    public let options: [Option]
    /// What was asked and answered before, in the same conversation.
    public let history: [Exchange]

    /// A letter and what it stands for.
    public struct Option: Sendable {
        /// Letter the option is chosen by.
        public let letter: String
        /// Text of the option.
        public let text: String

        public init(letter: String, text: String) {
            self.letter = letter
            self.text = text
        }
    }

    public init(
        id: QuestionID, text: String, savedPrompt: String? = nil, image: ImageSource, category: String,
        options: [Option] = [], history: [Exchange] = []
    ) {
        self.id = id
        self.text = text
        self.savedPrompt = savedPrompt ?? text
        self.image = image
        self.category = category
        self.options = options
        self.history = history
    }

    /// Whether the image stands in this turn, not in one before it.
    public var hasImage: Bool { !image.isNone && !history.contains(where: \.hasImage) }

    /// The whole text before the answer in the evaluation's template. `<image>` is cut out before
    /// tokenization: tokenize what stands before and after it separately
    /// (`ConversationTemplate.promptSegments` does).
    public var conversation: String {
        ConversationTemplate(.vicuna).prompt(after: history, for: text, hasImage: hasImage)
    }
}

/// Place of the bytes of a question's image file (JPEG, PNG, ...).
public enum ImageSource: Sendable {
    case none
    case file(URL)
    case bytes([UInt8])
    /// A member of a .zip or .tar; `ImageReader` opens each archive once for many questions.
    case archive(URL, member: String)
    /// Bytes that their file does not hold: an error where they are asked for, and no hindrance to scoring.
    case damaged(BenchmarkError)

    /// Whether there is no image.
    public var isNone: Bool {
        if case .none = self { true } else { false }
    }

    /// Names the image: the same for the same file, member or bytes, and never for two names that only
    /// Unicode takes for one. nil where there is none.
    public var identity: String? {
        switch self {
        case .none: nil
        case .file(let url): Digest.sha256(url.path)
        case .archive(let archive, let member): Digest.sha256("\(archive.path)\u{0}\(member)")
        case .bytes(let bytes): Digest.sha256(bytes)
        case .damaged(let error): Digest.sha256("\(error)")
        }
    }

    /// The last part of the file's path.
    var fileName: String? {
        switch self {
        case .file(let url): url.lastPathComponent
        case .archive(_, let member): String(member.split(separator: "/").last ?? "")
        case .none, .bytes, .damaged: nil
        }
    }
}

/// The two instructions that close a user text, always on a line of their own.
package enum Instruction {
    package static let shortAnswer = "Answer the question using a single word or phrase."
    package static let multipleChoice = "Answer with the option's letter from the given choices directly."
}
