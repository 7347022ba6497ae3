import Files
import Foundation

/// TextVQA (validation, v0.5.1): reading text in images, ten human answers, soft accuracy.
public struct TextVQA: Benchmark {
    public static let name = "textvqa"
    public static let title = "TextVQA"
    public static let answering = AnsweringRules.shortAnswer
    public static let officialCounts = ["questions": 5_000, "images": 3_166]

    static let annotationFile = "TextVQA_0.5.1_val.json"
    static let questionFile = "llava_textvqa_val_v051_ocr.jsonl"
    /// The dataset's own OCR, from which the question file's hints are made.
    static let hintFile = "TextVQA_Rosetta_OCR_v0.2_val.json"

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String]
    private let entries: [Entry]
    /// (image, lower-cased question) -> its entry; the last of equal ones.
    private let places: [ExactKey: Int]

    struct Entry {
        let id: Int
        let image: String
        let question: String
        let answers: [String]
    }

    public init(folder: URL) throws {
        self.folder = folder
        let source = try SourceFile(TextVQA.annotationFile, in: folder, of: TextVQA.title)
        entries = try source.document()["data"].elements().map { record in
            let answers = try record["answers"].strings()
            guard answers.count == 10 else {
                throw try record["answers"].bad(
                    found: "an array of \(answers.count)", expected: "exactly 10 answers")
            }
            return Entry(
                id: try record["question_id"].integer(), image: try record["image_id"].string(),
                question: try record["question"].string(), answers: answers)
        }
        var places: [ExactKey: Int] = [:]
        for (index, entry) in entries.enumerated() {
            places[ExactKey(entry.image, entry.question.lowered)] = index
        }
        self.places = places
        counts = [
            Count(name: "questions", file: TextVQA.annotationFile, number: entries.count),
            Count(
                name: "images", file: TextVQA.annotationFile,
                number: Set(entries.map { ExactKey($0.image) }).count),
        ]
        let rebuilt = try TextVQA.rebuild(entries, folder: folder)
        if let file = try QuestionFile(TextVQA.questionFile, in: folder) {
            let asked = file.entries.map { entry in
                Question(
                    id: entry.id, text: entry.text, image: .file(folder.file("train_images/\(entry.image)")),
                    category: entry.category)
            }
            questions = asked
            notices = [
                rebuilt.flatMap { QuestionFile.disagreement(asked: asked, rebuilt: $0, file: file.name) }
            ].compactMap { $0 }
        } else if let rebuilt {
            questions = rebuilt
            notices = []
        } else {
            questions = []
            notices = [
                "can be scored but not asked: without \(TextVQA.questionFile) or \(TextVQA.hintFile) there "
                    + "are no OCR hints, and they are part of the prompt"
            ]
        }
    }

    /// The questions with hints from the dataset's OCR; nil where the folder has none.
    private static func rebuild(_ entries: [Entry], folder: URL) throws -> [Question]? {
        guard folder.file(hintFile).exists else { return nil }
        let source = try SourceFile(folder.file(hintFile))
        var tokens: [ExactKey: [String]] = [:]
        for record in try source.document()["data"].elements() {
            tokens[ExactKey(try record["image_id"].string())] = try record["ocr_tokens"].strings()
        }
        return try entries.map { entry in
            guard let tokens = tokens[ExactKey(entry.image)] else {
                throw BenchmarkError.otherVersion(
                    file: source.name, found: "no 'ocr_tokens' for image \(entry.image)",
                    expected: "every image of \(annotationFile)",
                    remedy: "take the validation file of the Rosetta OCR v0.2 release")
            }
            return question(image: entry.image, question: entry.question, tokens: tokens, folder: folder)
        }
    }

    package static func question(image: String, question: String, tokens: [String], folder: URL) -> Question {
        let first = question.unicodeScalars.first.map { $0.properties.uppercaseMapping } ?? ""
        let rest = String(question.unicodeScalars.dropFirst())
        let text =
            "\(first)\(rest)\nReference OCR token: "
            + "\(tokens.joined(separator: ", "))\n\(Instruction.shortAnswer)"
        return Question(
            id: .string(image), text: text, image: .file(folder.file("train_images/\(image).jpg")),
            category: "default")
    }

    /// The question inside a saved prompt, lower-cased; nil where the prompt has none of the known layouts.
    package static func question(inPrompt prompt: String) -> String? {
        let lines = prompt.linesSplitAtLineFeeds
        if prompt.utf8.starts(with: "OCR tokens: ".utf8) {
            let text = prompt.scalars
            let opening = "Question: ".scalars
            let closing = " Short answer:".scalars
            guard let start = text.firstIndex(of: opening, from: 0).map({ $0 + opening.count }),
                let end = text.firstIndex(of: closing, from: start)
            else { return nil }
            return String(text[start..<end]).lowered
        }
        if lines.count == 3, prompt.holds("Reference OCR token: ") {
            return lines[prompt.utf8.starts(with: "Reference OCR token:".utf8) ? 1 : 0].lowered
        }
        return lines.count == 2 ? lines[0].lowered : nil
    }

    /// Leave-one-out mean of min(1, matches / 3) over ten answers, `matches` of which equal the prediction.
    package static func credit(matches: Int) -> Double { [0, 0.3, 0.6, 0.9][safe: matches] ?? 1 }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        var counts = AnswerCounts(questions: entries.count)
        var answered = Set<Int>()
        var all = Tally()
        var items: [ItemScore] = []
        var cache: [ExactKey: String] = [:]
        func normalized(_ text: String) -> String {
            let key = ExactKey(text)
            if let known = cache[key] { return known }
            let made = VQANormalizer.normalize(text)
            cache[key] = made
            return made
        }
        for record in answers.records {
            let index = try place(of: record, in: answers)
            if !answered.insert(index).inserted { counts.duplicate += 1 }
            let entry = entries[index]
            let prediction = normalized(record.text)
            let gold = entry.answers.map { normalized($0) }
            let credit = TextVQA.credit(matches: gold.count { $0.isExactly(prediction) })
            all.add(credit)
            items.append(
                ItemScore(
                    id: record.questionID, text: record.text, extracted: prediction,
                    gold: gold.joined(separator: " | "),
                    credit: credit, reference: String(entry.id)))
        }
        counts.scored = all.tries
        let reachable = Set(places.values)
        for index in entries.indices where reachable.contains(index) && !answered.contains(index) {
            counts.missing += 1
            let entry = entries[index]
            items.append(
                ItemScore(
                    id: .string(entry.image), text: nil, extracted: nil,
                    gold: entry.answers.map { normalized($0) }.joined(separator: " | "), credit: 0,
                    reference: String(entry.id)))
        }
        var notices = counts.notices
        if counts.duplicate > 0 {
            notices[notices.count - 1] =
                "\(counts.duplicate) answers repeat a question: each is scored, as the reference does"
        }
        return BenchmarkScore(
            benchmark: TextVQA.name, headline: all.percent, headlineName: "soft accuracy x 100",
            counts: counts,
            details: .of(
                ("accuracy", JSONValue(all.percent)), ("samples", .int(all.tries)),
                ("missing", .int(counts.missing))),
            items: items, notices: notices)
    }

    private func place(of record: AnswerRecord, in answers: AnswerFile) throws -> Int {
        func error(_ field: String, _ found: String, _ expected: String) -> FilesError {
            .badField(place: "\(answers.name):\(record.line)", field: field, found: found, expected: expected)
        }
        guard let prompt = record.prompt else {
            throw error(
                "prompt", "absent", "the saved prompt: TextVQA's ids repeat, so the question is taken from it"
            )
        }
        guard let question = TextVQA.question(inPrompt: prompt) else {
            throw error(
                "prompt", "\(prompt.linesSplitAtLineFeeds.count) lines",
                "2 lines, or 3 with 'Reference OCR token: '")
        }
        guard let index = places[ExactKey(record.questionID.description, question)] else {
            throw error(
                "prompt", "the question \"\(question)\"",
                "a question about image \(record.questionID) in \(TextVQA.annotationFile)")
        }
        return index
    }
}

extension Array {
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
