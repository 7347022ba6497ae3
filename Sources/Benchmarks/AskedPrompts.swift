/// Whether answers were given to the questions they are scored by: ids of two releases, or of two draws of a
/// world, are often the same.
struct AskedPrompts {
    /// Answers with a prompt, to ids the benchmark knows.
    private(set) var known = 0
    /// Those of them whose prompt is not the question of that id, and the first of them.
    private(set) var other = 0
    private var first: (record: AnswerRecord, question: String)?

    init(_ answers: AnswerFile, of questions: [Question]) {
        let prompts = Dictionary(grouping: questions, by: \.id).mapValues {
            $0.map { Self.words($0.savedPrompt) }
        }
        for record in answers.records {
            guard let prompt = record.prompt.map(Self.words), !prompt.isEmpty,
                let asked = prompts[record.questionID]
            else { continue }
            known += 1
            // Other tools keep the prompt with or without the instruction line, in their own spacing.
            guard !asked.contains(where: { prompt.contains($0) || $0.contains(prompt) }) else { continue }
            other += 1
            if first == nil {
                let question = questions.first { $0.id == record.questionID }
                first = (record, question?.savedPrompt ?? "")
            }
        }
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
        String(
            text.lowercased().unicodeScalars.filter {
                $0.properties.isAlphabetic || $0.properties.numericType != nil
            }
            .map(Character.init))
    }
}
