/// Whether answers were given to the questions they are scored by: ids of two releases, or of two draws of a
/// world, are often the same.
struct AskedPrompts {
    /// Answers with a prompt, if an empty one, to ids the benchmark knows.
    private(set) var known = 0
    /// Those of them whose prompt is not the question of that id, and the first of them.
    private(set) var other = 0
    private var first: (record: AnswerRecord, question: String)?

    init(_ answers: AnswerFile, of questions: [Question]) {
        let prompts = Dictionary(grouping: questions, by: \.id).mapValues { $0.map(\.savedPrompt) }
        for record in answers.records {
            guard let prompt = record.prompt, let asked = prompts[record.questionID],
                let question = asked.first
            else { continue }
            known += 1
            // Our own files have it as it is.
            guard !asked.contains(prompt), !asked.contains(where: { Self.isOne(prompt, with: $0) }) else {
                continue
            }
            other += 1
            if first == nil { first = (record, question) }
        }
    }

    /// Other tools keep the prompt with or without the instruction line, in their own spacing, or none. Both
    /// may be of any length, so that neither is looked for at every place of the other.
    private static func isOne(_ prompt: String, with question: String) -> Bool {
        let (prompt, question) = (words(prompt), words(question))
        return prompt.hasPrefix(question) || question.hasPrefix(prompt) || prompt.hasSuffix(question)
            || question.hasSuffix(prompt)
    }

    /// - Throws: `BenchmarkError.otherQuestions` where most answers are to other questions
    func require(_ file: String) throws {
        guard let first, other * 2 > known else { return }
        throw BenchmarkError.otherQuestions(
            answers: file, count: other, of: known, line: first.record.line, asked: first.record.prompt ?? "",
            expected: first.question)
    }

    /// What must not pass unseen.
    var notices: [String] {
        other == 0
            ? [] : ["\(other) of \(known) answers were given to another prompt than the question of their id"]
    }

    private static func words(_ text: String) -> String {
        var words = String.UnicodeScalarView()
        words.append(
            contentsOf: text.replacing("<image>", with: "").lowercased().unicodeScalars.filter {
                $0.properties.isAlphabetic || $0.properties.numericType != nil
            })
        return String(words)
    }
}
