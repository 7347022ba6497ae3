import Files
import Shards
import Text

/// A question and its answer, of a sample that is to be.
struct Asked {
    let question: String
    let answer: String
}

/// How a set's texts become the turns of a conversation.
struct Wording {
    let settings: ConvertingSettings

    init(_ settings: ConvertingSettings) { self.settings = settings }

    /// A sample whose first question stands below the image's marker.
    ///
    /// - Parameter image: name below the set's images; nil for a sample without one
    func sample(id: String, image: String?, _ asked: [Asked]) -> LlavaSample {
        LlavaSample(
            id: id, image: image.map { name in settings.imageFolder.map { "\($0)/\(name)" } ?? name },
            turns: asked.enumerated().flatMap { number, turn in
                [
                    ConversationTurn(
                        .human, image != nil && number == 0 ? "<image>\n\(turn.question)" : turn.question),
                    ConversationTurn(.gpt, turn.answer),
                ]
            })
    }

    /// The question with the line that asks for a short answer.
    func short(_ question: String) -> String { question + below(settings.shortAnswer) }

    /// The first question with that line, the others as they are: so are LLaVA's conversations of several
    /// short answers.
    func short(_ asked: [Asked]) -> [Asked] {
        asked.enumerated().map { number, turn in
            number == 0 ? Asked(question: short(turn.question), answer: turn.answer) : turn
        }
    }

    /// A question with choices, as ScienceQA's benchmark lays it out, and the letter of the right one.
    ///
    /// - Parameters:
    ///   - hint: what stands before the question; empty for nothing
    ///   - answer: index of the right choice, which is one of them
    func choice(hint: String, question: String, _ choices: [String], answer: Int) -> Asked {
        var text = hint.isEmpty ? "" : "Context: \(hint)\n"
        text += question
        for (index, choice) in choices.enumerated() { text += "\n\(Self.letter(index)). \(choice)" }
        return Asked(question: text + below(settings.multipleChoice), answer: Self.letter(answer))
    }

    /// The request for a caption that the sample of this id has.
    func captionRequest(id: String) -> String {
        guard settings.caption.count > 1 else { return settings.caption[0] }
        let place = UInt64(Digest.sha256(id).prefix(12), radix: 16) ?? 0
        return settings.caption[Int(place % UInt64(settings.caption.count))]
    }

    /// A short answer, which says nothing by the case of its first letter.
    func shortAnswer(_ answer: String) -> String {
        settings.capitalAnswers ? answer.capitalised : answer
    }

    private func below(_ line: String?) -> String { line.map { "\n\($0)" } ?? "" }

    /// Most choices of a question: as many as there are letters.
    static let mostChoices = 26

    private static func letter(_ index: Int) -> String {
        String(UnicodeScalar(UInt8(ascii: "A") + UInt8(clamping: index)))
    }
}

extension JSONField {
    /// Choices that are texts, and the index of the right one in another field.
    ///
    /// - Returns: at least one choice, at most as many as there are letters
    func choices(answer: JSONField) throws -> (texts: [String], answer: Int) {
        let elements = try elements()
        guard (1...Wording.mostChoices).contains(elements.count) else {
            throw bad(
                found: "an array of \(elements.count)", expected: "1 to \(Wording.mostChoices) choices")
        }
        return (try elements.map { try $0.wholeText() }, try answer.integer(in: 0...elements.count - 1))
    }
}
