import Files

/// One saved answer in the LLaVA answer format: one JSON object on one line.
public struct AnswerRecord: Sendable {
    /// Id of the question, as its file writes it.
    public let questionID: QuestionID
    /// The question's saved prompt; nil in files of other tools that leave it out.
    public let prompt: String?
    /// The model's answer, cleaned as the benchmark says.
    public let text: String
    /// Id of the answer; scorers do not read it.
    public let answerID: String
    /// Name of the model that answered.
    public let modelID: String
    /// The choices shown (MMBench), in order.
    public let options: [Question.Option]
    /// Whether the model was cut off at the most tokens it may write, without an end of its own.
    public let isCut: Bool
    /// The line of the file it was read from, 1-based; 0 for a record just made.
    public let line: Int

    public init(
        questionID: QuestionID, prompt: String?, text: String, answerID: String = "", modelID: String = "",
        options: [Question.Option] = [], isCut: Bool = false, line: Int = 0
    ) {
        self.questionID = questionID
        self.prompt = prompt
        self.text = text
        self.answerID = answerID
        self.modelID = modelID
        self.options = options
        self.isCut = isCut
        self.line = line
    }

    /// The record of an answer to `question`. The answer's id is a digest of all it says, so the same answer
    /// has the same id in every run.
    public init(answering question: Question, text: String, modelID: String, isCut: Bool = false) {
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a
        for part in [question.id.description, question.savedPrompt, text, modelID] {
            for byte in part.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
            digest = (digest ^ 0xFF) &* 0x100_0000_01b3
        }
        let hexadecimal = String(digest, radix: 16)
        self.init(
            questionID: question.id, prompt: question.savedPrompt, text: text,
            answerID: String(repeating: "0", count: 16 - hexadecimal.count) + hexadecimal, modelID: modelID,
            options: question.options, isCut: isCut)
    }

    /// Unknown fields are ignored.
    init(_ record: JSONField) throws {
        let letters = try record.optional("option_char")?.strings() ?? []
        let texts = try record.optional("options")?.strings() ?? []
        guard letters.count == texts.count || letters.isEmpty || texts.isEmpty else {
            throw try record["option_char"].bad(
                found: "\(letters.count) letters",
                expected: "one for each of the \(texts.count) 'options'")
        }
        self.init(
            questionID: try record["question_id"].questionID(),
            prompt: try record.optional("prompt")?.string(),
            text: try record["text"].string(), answerID: try record.optional("answer_id")?.string() ?? "",
            modelID: try record.optional("model_id")?.string() ?? "",
            options: zip(letters, texts).map { Question.Option(letter: $0, text: $1) },
            isCut: record.value?["metadata"]?["ended"] == .string("length"), line: record.line ?? 0
        )
    }

    /// The record as a JSON object, fields in LLaVA's order.
    public var json: JSONValue {
        var object = JSONObject()
        object.append("question_id", questionID.json)
        if !options.isEmpty { object.append("round_id", .int(0)) }
        object.append("prompt", prompt.map { .string($0) } ?? .null)
        object.append("text", .string(text))
        if !options.isEmpty {
            object.append("options", .array(options.map { .string($0.text) }))
            object.append("option_char", .array(options.map { .string($0.letter) }))
        }
        object.append("answer_id", .string(answerID))
        object.append("model_id", .string(modelID))
        object.append("metadata", isCut ? ["ended": "length"] : [:])
        return .object(object)
    }

    /// The record as a line of an answer file, its line feed included.
    public var encodedLine: String { json.encoded() + "\n" }
}
