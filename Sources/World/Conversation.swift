import Files

/// One sample of LLaVA's JSON: turns of a human and a model about an image, or about none.
public struct Conversation: Sendable {
    public let id: String
    public let image: String?  // member of images.tar
    /// Turns: the prompt, without its `<image>` line, and the answer to it.
    public let turns: [(prompt: String, answer: String)]

    static let describe = "Describe the image."

    /// Conversation of one turn that asks for a caption.
    static func caption(
        _ id: String, _ image: String, _ scene: Scene, long: Bool, _ stream: inout RandomStream
    )
        -> Conversation
    {
        Conversation(
            id: id, image: image, turns: [(describe, Caption.text(of: scene, long: long, &stream))])
    }

    /// Questions of different families about one scene; families repeat when `turns` exceeds their number.
    static func questions(
        _ id: String, _ image: String, _ scene: Scene, turns: Int, openShare: Double, noise: LabelNoise,
        _ stream: inout RandomStream
    ) -> Conversation {
        var asked: [Question] = []
        while asked.count < turns {
            for family in stream.shuffled(Family.allCases) where asked.count < turns {
                guard let question = Question.drawn(family, about: scene, &stream) else { continue }
                asked.append(stream.chance(openShare) ? question.open ?? question : question)
            }
        }
        return Conversation(
            id: id, image: image, turns: asked.map { ($0.prompt, noise.answer(to: $0, &stream)) })
    }

    static func textOnly(_ id: String, turns: Int, noise: LabelNoise, _ stream: inout RandomStream)
        -> Conversation
    {
        var asked: [Question] = []
        for _ in 0..<turns { asked.append(ScienceQAQuestions.textOnly(&stream)) }
        return Conversation(
            id: id, image: nil, turns: asked.map { ($0.prompt, noise.answer(to: $0, &stream)) })
    }

    var json: JSONValue {
        var said: [JSONValue] = []
        for (index, turn) in turns.enumerated() {
            let prompt = index == 0 && image != nil ? "<image>\n" + turn.prompt : turn.prompt
            said.append(["from": "human", "value": .string(prompt)])
            said.append(["from": "gpt", "value": .string(turn.answer)])
        }
        var members: JSONObject = ["id": .string(id)]
        if let image { members.append("image", .string(image)) }
        members.append("conversations", .array(said))
        return .object(members)
    }
}

/// Label noise: the students' data has wrong answers, so that the teacher knows better than the data.
struct LabelNoise: Sendable {
    let wrongAnswers: Double
    let wrongYesNo: Double

    static let none = LabelNoise(wrongAnswers: 0, wrongYesNo: 0)

    func answer(to question: Question, _ stream: inout RandomStream) -> String {
        let isWrong = stream.chance(question.isYesNo ? wrongYesNo : wrongAnswers)
        return isWrong ? stream.pick(question.wrongAnswers) : question.answer
    }
}
