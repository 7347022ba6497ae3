public enum Family: String, CaseIterable, Sendable {
    case gqa, scienceqa, textvqa, pope, mme, mmbench
}

/// A question about a scene with the answer a model should give.
public struct Question: Sendable {
    public let family: Family
    public let kind: String
    /// The question alone, without options, hints and the instruction.
    public let text: String
    /// The choices of a multiple-choice question; empty for a short answer.
    public let options: [String]
    /// Context line of ScienceQA, empty if none.
    public let hint: String
    /// The OCR tokens of TextVQA, nil for other families.
    public let ocrTokens: [String]?
    /// Answer that counts as right: a word, or the letter of the right option.
    public let answer: String
    /// Wrong answers of the same form, for label noise.
    public let wrongAnswers: [String]
    /// GQA's functional program; nil for other families.
    let program: GQAProgram?

    static let shortInstruction = "Answer the question using a single word or phrase."
    static let choiceInstruction = "Answer with the option's letter from the given choices directly."
    static let letters = ["A", "B", "C", "D", "E"]

    /// A question with a short answer.
    init(
        _ family: Family, _ kind: String, _ text: String, answer: String, wrong: [String],
        ocrTokens: [String]? = nil,
        program: GQAProgram? = nil
    ) {
        (self.family, self.kind, self.text, options, hint) = (family, kind, text, [], "")
        (self.ocrTokens, self.answer, wrongAnswers, self.program) = (ocrTokens, answer, wrong, program)
    }

    /// A multiple-choice question: `right` and `wrong` in a random order.
    init(
        _ family: Family, _ kind: String, _ text: String, right: String, wrong: [String], hint: String = "",
        _ stream: inout RandomStream
    ) {
        let options = stream.shuffled([right] + wrong)
        let place = options.firstIndex(of: right) ?? 0
        (self.family, self.kind, self.text, self.options, self.hint) = (family, kind, text, options, hint)
        (ocrTokens, answer, program) = (nil, Self.letters[place], nil)
        wrongAnswers = Self.letters[..<options.count].filter { $0 != Self.letters[place] }
    }

    /// The same question without its options, where it has one answer without them. To know the answer and to
    /// find its letter are two skills; this form teaches the first alone.
    var open: Question? {
        let closed: Set = ["count", "partial count", "shape", "color", "place", "size", "background"]
        guard closed.contains(kind), hint.isEmpty, let index = answerIndex else { return nil }
        var wrong = options
        let right = wrong.remove(at: index)
        return Question(family, kind, text, answer: right, wrong: wrong)
    }

    public var isYesNo: Bool { answer == "yes" || answer == "no" }
    public var answerIndex: Int? { options.isEmpty ? nil : Self.letters.firstIndex(of: answer) }

    /// The question as the benchmark's prompt builder writes it, up to the instruction line.
    public var body: String {
        var lines = hint.isEmpty ? [text] : ["Context: \(hint)", text]
        lines += options.enumerated().map { "\(Self.letters[$0.offset]). \($0.element)" }
        if let ocrTokens { lines.append("Reference OCR token: " + ocrTokens.joined(separator: ", ")) }
        return lines.joined(separator: "\n")
    }

    /// The whole user text, exactly as the model reads it in the benchmark.
    public var prompt: String {
        body + "\n" + (options.isEmpty ? Self.shortInstruction : Self.choiceInstruction)
    }

    static func yesNo(
        _ family: Family, _ kind: String, _ text: String, _ isTrue: Bool, program: GQAProgram? = nil
    ) -> Question {
        Question(
            family, kind, text, answer: isTrue ? "yes" : "no", wrong: [isTrue ? "no" : "yes"],
            program: program)
    }
}

extension Question {
    /// A question of `family` about `scene`; nil when the scene cannot be asked (TextVQA without a sign).
    static func drawn(_ family: Family, about scene: Scene, _ stream: inout RandomStream) -> Question? {
        switch family {
        case .gqa: GQAQuestions.drawn(about: scene, &stream)
        case .scienceqa: ScienceQAQuestions.drawn(about: scene, &stream)
        case .textvqa: scene.sign.map { TextVQAQuestions.drawn(about: $0, &stream) }
        case .pope: POPEQuestions.drawn(about: scene, &stream)
        case .mme: MMEQuestions.drawn(about: scene, &stream)
        case .mmbench: MMBenchQuestions.drawn(about: scene, &stream)
        }
    }
}
