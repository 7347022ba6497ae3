import Files

/// An answer that the model wrote, and what became of it.
public struct DrawnAnswer: Sendable, Equatable, Codable {
    /// Why an answer is not in the data.
    public enum Problem: String, Sendable, Codable, CaseIterable {
        /// Its prompt leaves no room for an answer among the model's positions, so there is none.
        case longPrompt = "long-prompt"
        /// The model said no end within the most tokens.
        case cut
        case empty
        /// It says `<image>`, which belongs into questions.
        case imageMarker = "image-marker"
        case long, improbable, disagreeing
        /// Another one of the same question was kept.
        case lessProbable = "less-probable"
    }

    /// Number of the draw, from 0.
    public let draw: Int
    /// Without white space around it.
    public let text: String
    /// Its end included, where it was said.
    public let tokens: Int
    /// Mean log-probability of its tokens at temperature 1, in nats; nil without tokens.
    public let logProbability: Double?
    /// With the data's answer, from 0 to 1; nil where there is none.
    public let agreement: Double?
    public let isCut: Bool
    /// Nil for an answer that is kept.
    public internal(set) var problem: Problem?

    package init(
        draw: Int, text: String, tokens: Int, logProbability: Double?, agreement: Double?, isCut: Bool,
        problem: Problem? = nil
    ) {
        (self.draw, self.text, self.tokens, self.isCut) = (draw, text, tokens, isCut)
        (self.logProbability, self.agreement, self.problem) = (logProbability, agreement, problem)
    }
}

/// The answers to one question of one sample, or why a sample was not asked: a line of drawn.jsonl.
///
///     {"sample": 3, "id": "7", "turn": 0, "turns": 2, "original": "red", "answers": [{"draw": 0, "text":
///     "Red.", "tokens": 3, "log_probability": -0.1, "agreement": 1, "is_cut": false, "problem": null}]}
public struct DrawnAnswers: Sendable, Equatable, Codable {
    /// A sample that cannot be asked about.
    public struct BadSample: Sendable, Equatable, Codable {
        /// A short name to count by.
        public let kind: String
        public let reason: String
    }

    /// Number of the record, over all files, from 0.
    public let sample: Int
    public let id: String
    /// Number of the question in its conversation, from 0.
    public let turn: Int
    /// Questions of the conversation.
    public let turns: Int
    /// The data's answer.
    public let original: String?
    public internal(set) var answers: [DrawnAnswer] = []
    /// Why the sample was not asked; then this is its only line.
    public internal(set) var badSample: BadSample?

    /// Whether this is the last line of its sample.
    var isLast: Bool { turn + 1 >= turns }

    /// The text that is kept in the conversation of a draw.
    ///
    /// - Parameter draw: nil: whichever draw was kept
    func kept(_ draw: Int?) -> String? {
        answers.first { $0.problem == nil && (draw == nil || $0.draw == draw) }?.text
    }
}

extension DrawnAnswers {
    /// The line, without its line feed.
    package var line: String {
        var object: JSONObject = ["sample": .int(sample), "id": .string(id)]
        if let badSample {
            object.append("skipped", .string(badSample.kind))
            object.append("reason", .string(badSample.reason))
        } else {
            object.append("turn", .int(turn))
            object.append("turns", .int(turns))
            object.append("original", .text(original))
            object.append("answers", .array(answers.map(\.json)))
        }
        return JSONValue.object(object).text(.line)
    }

    /// - Throws: `FilesError.badField`
    package init(_ line: JSONField) throws {
        sample = try line["sample"].integer(in: 0...(.max))
        id = try line["id"].string()
        if let kind = try line.optional("skipped") {
            badSample = BadSample(kind: try kind.string(), reason: try line["reason"].string())
            (turn, turns, original) = (0, 0, nil)
            return
        }
        turns = try line["turns"].integer(in: 1...(.max))
        turn = try line["turn"].integer(in: 0...turns - 1)
        original = try line.optional("original")?.string()
        answers = try line["answers"].elements().map { try DrawnAnswer($0) }
    }
}

extension DrawnAnswer {
    fileprivate var json: JSONValue {
        .object([
            "draw": .int(draw), "text": .string(text), "tokens": .int(tokens),
            "log_probability": logProbability.map { .number($0) } ?? .null,
            "agreement": agreement.map { .number($0) } ?? .null, "is_cut": .bool(isCut),
            "problem": .text(problem?.rawValue),
        ])
    }

    fileprivate init(_ field: JSONField) throws {
        draw = try field["draw"].integer(in: 0...(.max))
        text = try field["text"].string()
        tokens = try field["tokens"].integer(in: 0...(.max))
        logProbability = try field.optional("log_probability")?.number()
        agreement = try field.optional("agreement")?.number()
        isCut = try field["is_cut"].bool()
        problem = try field.optional("problem")?.choice()
    }
}

extension JSONValue {
    fileprivate static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
