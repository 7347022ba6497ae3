import Files
import Foundation

/// MME: yes/no questions in pairs on one image, 14 subtasks. The table shows perception / 20.
public struct MME: Benchmark {
    public static let name = "mme"
    public static let title = "MME"
    public static let answering = AnsweringRules.shortAnswer
    public static let officialCounts = [
        "existence": 60, "count": 60, "position": 60, "color": 60, "posters": 294, "celebrity": 340,
        "scene": 400,
        "landmark": 400, "artwork": 400, "OCR": 40, "commonsense_reasoning": 140, "numerical_calculation": 40,
        "text_translation": 40, "code_reasoning": 40,
    ]

    static let questionFile = "llava_mme.jsonl"
    static let release = "MME_Benchmark_release_version"
    package static let perception = [
        "existence", "count", "position", "color", "posters", "celebrity", "scene", "landmark", "artwork",
        "OCR",
    ]
    static let cognition = [
        "commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning",
    ]
    /// These keep images and texts in folders of their own.
    static let divided: Set<String> = ["artwork", "celebrity", "landmark", "posters", "scene"]
    static let request = "Please answer yes or no."

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String]
    /// (subtask, image stem, question) -> gold, "Yes" or "No".
    private let gold: [ExactKey: String]

    public init(folder: URL) throws {
        self.folder = folder
        let root = folder.appending(path: MME.release, directoryHint: .isDirectory)
        guard root.exists else {
            throw BenchmarkError.missingFile(benchmark: MME.title, file: MME.release, folder: folder.path)
        }
        var gold: [ExactKey: String] = [:]
        var rebuilt: [Question] = []
        var counts: [Count] = []
        var withoutImage = 0
        for subtask in MME.perception + MME.cognition {
            let pairs = try MME.readSubtask(subtask, root: root)
            counts.append(Count(name: subtask, file: "\(MME.release)/\(subtask)", number: 2 * pairs.count))
            for pair in pairs {
                for (question, answer) in pair.questions {
                    gold[ExactKey(subtask, pair.stem, question)] = answer
                }
                guard let image = pair.image else {
                    withoutImage += 1
                    continue
                }
                for (question, _) in pair.questions {
                    rebuilt.append(
                        Question(
                            id: .string("\(subtask)/\(image)"), text: MME.userText(question),
                            image: .file(root.file("\(subtask)/\(image)")), category: subtask))
                }
            }
        }
        self.gold = gold
        self.counts = counts
        if let file = try QuestionFile(MME.questionFile, in: folder) {
            questions = file.entries.map {
                Question(id: $0.id, text: $0.text, image: .file(root.file($0.image)), category: $0.category)
            }
            for entry in file.entries where MME.gold(gold, id: entry.id, prompt: entry.text) == nil {
                throw BenchmarkError.otherVersion(
                    file: "\(file.name):\(entry.line)",
                    found: "\"\(entry.text.linesSplitAtLineFeeds[0])\" on \(entry.id)",
                    expected: "a question of \(MME.release)",
                    remedy: "the question file and the release are not of one version")
            }
            notices =
                withoutImage > 0
                ? []
                : [QuestionFile.disagreement(asked: questions, rebuilt: rebuilt, file: file.name)].compactMap
                { $0 }
        } else {
            questions = withoutImage > 0 ? [] : rebuilt
            notices =
                withoutImage > 0
                ? [
                    "can be scored but not asked: \(withoutImage) images of \(MME.release) are absent, and "
                        + "there is no \(MME.questionFile)"
                ] : []
        }
    }

    /// `{T}`: the official question without its request, then the short-answer instruction.
    package static func userText(_ question: String) -> String {
        "\(question.replacing(every: " \(request)", with: "").trimmed)\n\(Instruction.shortAnswer)"
    }

    private struct Pair {
        let stem: String
        /// Path below the subtask's folder; nil where there is no image of that stem.
        let image: String?
        let questions: [(question: String, answer: String)]
    }

    private static func readSubtask(_ subtask: String, root: URL) throws -> [Pair] {
        let folder = root.appending(path: subtask, directoryHint: .isDirectory)
        let (texts, images) = divided.contains(subtask) ? ("questions_answers_YN", "images/") : ("", "")
        func names(_ path: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.file(path).path)) ?? []).sorted()
        }
        let textFiles = names(texts).filter { $0.hasSuffix(".txt") }
        guard !textFiles.isEmpty else {
            throw BenchmarkError.missingFile(
                benchmark: title,
                file: "\(release)/\(subtask)/\(texts.isEmpty ? "" : texts + "/")<image>.txt",
                folder: root.path)
        }
        var imageOfStem: [ExactKey: String] = [:]
        for name in names(images.isEmpty ? "" : "images") where !name.hasSuffix(".txt") {
            imageOfStem[ExactKey(stem(name))] = images + name
        }
        return try textFiles.map { name in
            let file = try SourceFile(folder.file(texts.isEmpty ? name : "\(texts)/\(name)"))
            let lines = try file.lines().map(withoutMark).filter { !$0.isEmpty }
            guard lines.count == 2 else {
                throw BenchmarkError.malformed(
                    file: file.name, line: 1,
                    reason:
                        "expected two lines 'question<TAB>Yes' and 'question<TAB>No', found \(lines.count)")
            }
            let questions = try lines.enumerated().map { index, line in
                let fields = line.utf8.split(separator: 0x09, omittingEmptySubsequences: false).map {
                    String(decoding: $0, as: UTF8.self)
                }
                guard fields.count == 2, fields[1] == "Yes" || fields[1] == "No" else {
                    throw BenchmarkError.malformed(
                        file: file.name, line: index + 1,
                        reason: "expected 'question<TAB>Yes' or 'question<TAB>No'")
                }
                return (question: fields[0], answer: fields[1])
            }
            return Pair(stem: stem(name), image: imageOfStem[ExactKey(stem(name))], questions: questions)
        }
    }

    /// A line without the mark of byte order that some editors put before the first.
    private static func withoutMark(_ line: String) -> String {
        line.unicodeScalars.first == "\u{FEFF}" ? String(line.unicodeScalars.dropFirst()) : line
    }

    /// A file's name up to its first full stop.
    static func stem(_ path: String) -> String {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        return String(decoding: name.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
    }

    static func subtask(_ id: QuestionID) -> String {
        String(decoding: id.description.utf8.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
    }

    /// The official question of a saved prompt and its gold answer; the release has one or two spaces before
    /// the request.
    private static func gold(_ gold: [ExactKey: String], id: QuestionID, prompt: String) -> (
        question: String, answer: String
    )? {
        let text = prompt.replacing(every: Instruction.shortAnswer, with: "").trimmed
        for space in [" ", "  "] {
            let question = "\(text)\(space)\(request)"
            if let answer = gold[ExactKey(subtask(id), stem(id.description), question)] {
                return (question, answer)
            }
        }
        return nil
    }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        let (lines, counts) = try pair(answers)
        guard counts.duplicate == 0 else {
            throw BenchmarkError.incomplete(
                file: answers.name, benchmark: MME.title,
                reason:
                    "\(counts.duplicate) answers repeat a question, and the reference takes consecutive "
                    + "answers as a pair; answer each question once"
            )
        }
        return try MMEScorer.score(lines, counts: counts, file: answers.name)
    }

    /// The answers as MME's official tool reads them: subtask -> lines, in file order.
    package func pair(_ answers: AnswerFile) throws -> (lines: [String: [MMELine]], counts: AnswerCounts) {
        let known = Set(MME.perception + MME.cognition)
        var counts = AnswerCounts(questions: counts.reduce(0) { $0 + $1.number })
        var lines: [String: [MMELine]] = [:]
        var seen: Set<ExactKey> = []
        for record in answers.records {
            let subtask = MME.subtask(record.questionID)
            guard known.contains(subtask) else {
                counts.unknown += 1
                continue
            }
            guard let prompt = record.prompt else {
                throw FilesError.badField(
                    place: "\(answers.name):\(record.line)", field: "prompt", found: "absent",
                    expected:
                        "the saved prompt: both questions of an image share an id, so the question is taken "
                        + "from it"
                )
            }
            guard let (question, answer) = MME.gold(gold, id: record.questionID, prompt: prompt) else {
                throw FilesError.badField(
                    place: "\(answers.name):\(record.line)", field: "prompt",
                    found: "\"\(prompt.linesSplitAtLineFeeds[0])\"",
                    expected: "a question of \(MME.release) on \(record.questionID)")
            }
            if !seen.insert(ExactKey(subtask, MME.stem(record.questionID.description), question)).inserted {
                counts.duplicate += 1
            }
            lines[subtask, default: []].append(MMELine(record, question: question, gold: answer))
        }
        counts.scored = seen.count
        counts.missing = counts.questions - seen.count
        return (lines, counts)
    }
}
