import Files
import Foundation

/// ScienceQA (test split): multiple choice, about half with an image; the headline is the image half.
public struct ScienceQA: Benchmark {
    public static let name = "scienceqa"
    public static let title = "SQA"
    /// Group of the questions with a picture, which are the headline.
    package static let withPicture = "image"
    public static let answering = AnsweringRules(
        maximumNewTokens: 1_024, stopString: "</s>", alwaysSquashes: true,
        cleaning: .cutFromEnd(["</s>", AnsweringRules.endOfText]))
    public static let officialCounts = ["questions": 4_241, "questions with an image": 2_017]

    static let questionFile = "llava_test_CQM-A.json"
    static let problemFile = "problems.json"
    static let splitFile = "pid_splits.json"
    static let letters = ["A", "B", "C", "D", "E"]

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String]
    private let problems: [Problem]

    /// Facts that scoring needs of one problem of the test split.
    private struct Problem {
        let id: String
        let hasImage: Bool
        /// The gold letter's position.
        let answer: Int
        let choices: Int
    }

    public init(folder: URL) throws {
        self.folder = folder
        let asked = try ScienceQA.readQuestionFile(folder)
        let rebuilt = try ScienceQA.readProblems(folder)
        guard let found = asked ?? rebuilt else {
            throw BenchmarkError.missingFile(
                benchmark: ScienceQA.title, file: ScienceQA.problemFile, folder: folder.path)
        }
        questions = found.questions
        // The official problems are the gold; LLaVA's file holds the same letters and serves where the
        // problems are absent.
        problems = (rebuilt ?? found).problems
        notices = [
            asked.flatMap { asked in
                rebuilt.flatMap {
                    QuestionFile.disagreement(
                        asked: asked.questions, rebuilt: $0.questions, file: ScienceQA.questionFile)
                }
            },
            rebuilt == nil
                ? "no \(ScienceQA.problemFile) with the whole test split: gold letters are taken from "
                    + "\(ScienceQA.questionFile)"
                : nil,
        ].compactMap { $0 }
        counts = [
            Count(name: "questions", file: found.file, number: problems.count),
            Count(name: "questions with an image", file: found.file, number: problems.count { $0.hasImage }),
        ]
    }

    private typealias Reading = (questions: [Question], problems: [Problem], file: String)

    /// LLaVA's array of conversations; nil where the folder has none.
    private static func readQuestionFile(_ folder: URL) throws -> Reading? {
        let url = folder.file(questionFile)
        guard url.exists else { return nil }
        var reading: Reading = ([], [], questionFile)
        for record in try SourceFile(url).document().elements() {
            let turns = try record["conversations"].elements()
            guard turns.count >= 2 else {
                throw try record["conversations"].bad(
                    found: "\(turns.count) turns", expected: "a human's and an answer")
            }
            let text = try turns[0]["value"].string()
            let letter = try turns[1]["value"].string()
            guard let answer = letters.firstIndex(where: { $0.isExactly(letter) }) else {
                throw try turns[1]["value"].bad(found: "\"\(letter)\"", expected: "a letter A to E")
            }
            let id = try record["id"].string()
            let image = try record.optional("image")?.string()
            reading.questions.append(question(id: id, layout: text, image: image, folder: folder))
            // Choices are the last lines "A. ...", "B. ..." of the layout.
            let lines = text.linesSplitAtLineFeeds
            let choices = letters.filter { letter in
                lines.contains { $0.unicodeScalars.starts(with: "\(letter). ".unicodeScalars) }
            }.count
            reading.problems.append(
                Problem(id: id, hasImage: image != nil, answer: answer, choices: max(choices, answer + 1)))
        }
        return reading
    }

    /// The official release; nil where it is absent or holds only a part of the test split.
    private static func readProblems(_ folder: URL) throws -> Reading? {
        guard folder.file(problemFile).exists else { return nil }
        let source = try SourceFile(problemFile, in: folder, of: title)
        var records: [ExactKey: JSONField] = [:]
        for (id, problem) in try source.document().members() { records[ExactKey(id)] = problem }
        let splits = try SourceFile(splitFile, in: folder, of: title)
        let listed = try splits.document()["test"]
        let ids = try listed.strings()
        var seen: Set<ExactKey> = []
        if let twice = ids.first(where: { !seen.insert(ExactKey($0)).inserted }) {
            throw listed.bad(found: "\"\(twice)\" more than once", expected: "each problem once")
        }
        var reading: Reading = ([], [], problemFile)
        for id in ids {
            guard let record = records[ExactKey(id)] else {
                throw BenchmarkError.otherVersion(
                    file: source.name, found: "no problem '\(id)' of the test split in \(splitFile)",
                    expected: "all \(ids.count)",
                    remedy:
                        "the file is cut short or of another version; download it again or remove it to use "
                        + "the letters of \(questionFile)"
                )
            }
            let choices = try record["choices"].strings()
            let answer = try record["answer"].integer()
            guard (1...letters.count).contains(choices.count) else {
                throw try record["choices"].bad(
                    found: "\(choices.count) choices", expected: "1 to \(letters.count)")
            }
            guard choices.indices.contains(answer) else {
                throw try record["answer"].bad(found: "\(answer)", expected: "0 to \(choices.count - 1)")
            }
            let image = try record.optional("image")?.string()
            let hint = try record.optional("hint")?.string() ?? ""
            var layout = image == nil ? "" : "<image>\n"
            if !hint.isEmpty { layout += "Context: \(hint)\n" }
            layout += try record["question"].string()
            for (letter, choice) in zip(letters, choices) { layout += "\n\(letter). \(choice)" }
            reading.questions.append(
                question(id: id, layout: layout, image: image.map { "\(id)/\($0)" }, folder: folder))
            reading.problems.append(
                Problem(id: id, hasImage: image != nil, answer: answer, choices: choices.count))
        }
        return reading
    }

    private static func question(id: String, layout: String, image: String?, folder: URL) -> Question {
        let text = "\(layout.replacing(every: "<image>", with: "").trimmed)\n\(Instruction.multipleChoice)"
        return Question(
            id: .string(id), text: text, savedPrompt: image == nil ? text : "<image>\n\(text)",
            image: image.map { .file(folder.file("images/test/\($0)")) } ?? .none,
            category: image == nil ? "text" : "image")
    }

    /// The letter an answer names, by the first rule that fires; nil is the reference's FAILED. May be a
    /// letter after E.
    package static func letter(in answer: String) -> String? {
        let text = answer.scalars
        func isChoice(_ scalar: Unicode.Scalar) -> Bool { ("A"..."E").contains(scalar) }
        if text.count == 1, isChoice(text[0]) { return String(text) }
        if text.count >= 3, isChoice(text[0]), text[1] == ".", text[2] == " " { return String(text[..<1]) }
        let phrase = "The answer is ".scalars
        var found: [Unicode.Scalar] = []
        var start = 0
        while let match = text.firstIndex(of: phrase, from: start) {
            let at = match + phrase.count
            // The reference's pattern ends in an unescaped dot: some code point other than a line feed must
            // follow.
            if at + 1 < text.count, ("A"..."Z").contains(text[at]), text[at + 1] != "\n" {
                found.append(text[at])
                start = at + 2
            } else {
                start = match + 1
            }
        }
        return found.count == 1 ? String(found) : nil
    }

    /// The position of `letter` among `choices`; -1 for nil and for letters beyond them.
    package static func index(of letter: String?, choices: Int) -> Int {
        guard let letter, let index = letters.firstIndex(of: letter), index < choices else { return -1 }
        return index
    }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        let (records, duplicates) = answers.lastOfEach()
        var counts = AnswerCounts(questions: problems.count, duplicate: duplicates)
        var all = Tally()
        var withImage = Tally()
        var items: [ItemScore] = []
        for problem in problems {
            let gold = ScienceQA.letters[problem.answer]
            guard let record = records[.string(problem.id)] else {
                counts.missing += 1
                all.add(false)
                // Without a record there is no prompt, so the reference does not see that it had an image.
                items.append(
                    ItemScore(
                        id: .string(problem.id), text: nil, extracted: nil, gold: gold, credit: 0,
                        group: "text"))
                continue
            }
            counts.scored += 1
            let letter = ScienceQA.letter(in: record.text)
            let isRight = ScienceQA.index(of: letter, choices: problem.choices) == problem.answer
            let hasImage = record.prompt.map { $0.holds("<image>") } ?? problem.hasImage
            all.add(isRight)
            if hasImage { withImage.add(isRight) }
            items.append(
                ItemScore(
                    id: record.questionID, text: record.text, extracted: letter, gold: gold,
                    credit: isRight ? 1 : 0,
                    group: hasImage ? Self.withPicture : "text"))
        }
        counts.unknown = records.count - counts.scored
        var notices = counts.notices
        if withImage.tries == 0 {
            notices.append("no answer belongs to a question with an image: image accuracy is undefined")
        }
        return BenchmarkScore(
            benchmark: ScienceQA.name, headline: withImage.percent, headlineName: "image-only accuracy x 100",
            counts: counts,
            details: .of(
                ("accuracy", JSONValue(all.percent)), ("correct", .int(Int(all.hits))),
                ("count", .int(all.tries)),
                ("img_accuracy", JSONValue(withImage.percent)),
                ("img_correct", .int(Int(withImage.hits))),
                ("img_count", .int(withImage.tries)), ("missing", .int(counts.missing))),
            items: items, notices: notices)
    }
}
