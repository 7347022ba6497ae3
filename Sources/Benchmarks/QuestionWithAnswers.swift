import Files
import Shards
import Text

/// A question of one's own test set and the answers that count as right.
struct QuestionWithAnswers {
    let question: Question
    let answers: [String]

    /// The questions of one record.
    ///
    /// - Parameters:
    ///   - number: of the first question in the file, which stands in for a missing id
    ///   - place: what errors call the record
    static func read(
        _ bytes: [UInt8], number: Int, place: String, images: ImageFolder
    ) throws -> [QuestionWithAnswers] {
        let record = try JSONField(parsing: bytes, file: place, replacingLoneSurrogates: true)
        guard try record.optional("conversations") != nil else {
            return [try one(record, number: number, images: images)]
        }
        let sample = try LlavaSample(json: bytes, index: number, place: place)
        let category = try record.optional("category")?.string() ?? ""
        let exchanges: [Exchange]
        do {
            exchanges = try Exchange.all(of: sample.turns, imageCount: sample.image == nil ? 0 : 1)
        } catch {
            throw BenchmarkError.badSample(place: place, problem: error)
        }
        return exchanges.indices.map { index in
            let asked = exchanges[...index]
            let image = asked.contains(where: \.hasImage) ? sample.image : nil
            let question = Question(
                id: .integer(number + index), text: exchanges[index].question,
                image: image.map(images.find) ?? .none, category: category,
                history: Array(asked.dropLast()))
            return QuestionWithAnswers(question: question, answers: [exchanges[index].answer])
        }
    }

    /// A record of one question.
    private static func one(
        _ record: JSONField, number: Int, images: ImageFolder
    ) throws -> QuestionWithAnswers {
        let id = try record.optional("question_id") ?? record.optional("id")
        let image = try record.optional("image")?.string()
        if let image, image.trimmed.isEmpty {
            throw try record["image"].bad(
                found: "\"\(image)\"", expected: "the name of a picture, or no such field")
        }
        let asked = try record.optional("text") ?? record["question"]
        var text = try asked.string()
        if image == nil, text.contains("<image>") {
            throw asked.bad(
                found: "<image>, and the record names no picture", expected: "an 'image', or no <image>")
        }
        let answers: [String]
        if let label = try record.optional("label") {
            let answer = try label.string()
            guard answer == "yes" || answer == "no" else {
                throw label.bad(found: "\"\(answer)\"", expected: "\"yes\" or \"no\"")
            }
            answers = [answer]
            // POPE's files hold the bare question.
            if !text.contains(Instruction.shortAnswer) { text += "\n\(Instruction.shortAnswer)" }
        } else {
            let field = try record.optional("answers") ?? record["answer"]
            answers = if case .array? = field.value { try field.strings() } else { [try field.string()] }
            guard !answers.isEmpty, answers.allSatisfy({ !$0.trimmed.isEmpty }) else {
                throw field.bad(expected: "at least one answer, and none of them empty")
            }
        }
        let question = Question(
            id: try id?.questionID() ?? .integer(number), text: text,
            image: image.map(images.find) ?? .none,
            category: try record.optional("category")?.string() ?? "")
        return QuestionWithAnswers(question: question, answers: answers)
    }
}
