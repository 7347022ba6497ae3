import Files
import Foundation

/// LLaVA's question file (GQA, TextVQA, POPE, MME): JSON Lines of `question_id`, `image`, `text`, `category`.
struct QuestionFile {
    let name: String
    let entries: [Entry]

    struct Entry {
        let id: QuestionID
        let image: String
        let text: String
        let category: String
        let line: Int
    }

    /// nil where the folder has no such file.
    init?(_ path: String, in folder: URL) throws {
        let url = folder.file(path)
        guard url.exists else { return nil }
        let source = try SourceFile(url)
        name = source.name
        entries = try source.records().map {
            Entry(
                id: try $0["question_id"].questionID(), image: try $0["image"].string(),
                text: try $0["text"].string(),
                category: try $0.optional("category")?.string() ?? "", line: $0.line ?? 0)
        }
    }

    /// One sentence where these questions are not the rebuilt ones; both are compared by id and text, in any
    /// order.
    ///
    /// The question file is what published models were asked, so it is what is used.
    static func disagreement(asked: [Question], rebuilt: [Question], file: String) -> String? {
        var texts: [ExactKey: Int] = [:]
        for question in rebuilt { texts[ExactKey(question.id.description, question.text), default: 0] += 1 }
        var different = 0
        for question in asked {
            let key = ExactKey(question.id.description, question.text)
            if let left = texts[key], left > 0 { texts[key] = left - 1 } else { different += 1 }
        }
        guard different > 0 || asked.count != rebuilt.count else { return nil }
        return
            "\(file): \(different) of its \(asked.count) questions differ from those rebuilt from the "
            + "official release "
            + "(\(rebuilt.count)); the file's are asked"
    }
}
