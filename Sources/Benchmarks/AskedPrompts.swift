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

    /// Other tools keep the prompt with or without the instruction line, the hint and the choices, in their
    /// own spacing, or none.
    private static func isOne(_ prompt: String, with question: String) -> Bool {
        let (prompt, question) = (words(prompt), words(question))
        return contains(prompt, question) || contains(question, prompt)
    }

    /// Both may be of any length, so each byte is looked at once (Knuth, Morris and Pratt 1977).
    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard !part.isEmpty else { return true }
        // Of the part's first i + 1 bytes, how many that they end with they also begin with.
        var borders = [0]
        var matched = 0
        for byte in part.dropFirst() {
            while matched > 0, byte != part[matched] { matched = borders[matched - 1] }
            if byte == part[matched] { matched += 1 }
            borders.append(matched)
        }
        matched = 0
        for byte in text {
            while matched > 0, byte != part[matched] { matched = borders[matched - 1] }
            if byte == part[matched] { matched += 1 }
            if matched == part.count { return true }
        }
        return false
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

    private static func words(_ text: String) -> [UInt8] {
        var words = String.UnicodeScalarView()
        words.append(
            contentsOf: text.replacing("<image>", with: "").lowercased().unicodeScalars.filter {
                $0.properties.isAlphabetic || $0.properties.numericType != nil
            })
        return Array(String(words).utf8)
    }
}
