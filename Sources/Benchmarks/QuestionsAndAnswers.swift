import Files
import Foundation
import Shards
import Text

/// A test set of one's own: questions with the answers that count as right.
///
/// It is a file of LLaVA conversations (JSON array or JSON Lines), where every human turn is a question with
/// the turns before it as they are in the file; or JSON Lines of `question_id`, `text`, `answer` (a text or
/// several), `image`, `category`; or POPE's form, `label` instead of `answer`.
public struct QuestionsAndAnswers: Benchmark {
    public static let name = "qa"
    public static let title = "QA"
    public static let answering = AnsweringRules.shortAnswer
    public static let officialCounts: [String: Int] = [:]

    /// Test sets with a name of their own, and a manifest.
    static let known = [
        Known(
            name: "groceries-yesno", title: "Groceries Y/N", file: "test_yesno.jsonl",
            official: ["yes/no questions": 592], manifest: "groceries"),
        Known(
            name: "groceries-vqa", title: "Groceries VQA", file: "test_vqa.jsonl",
            official: ["VQA questions": 296], manifest: "groceries"),
    ]

    struct Known {
        let name: String
        let title: String
        /// The file below its folder.
        let file: String
        let official: [String: Int]
        let manifest: String
    }

    /// Files that hold the questions of a folder, the first that is there.
    static let files = ["qa.json", "qa.jsonl", "test.json", "test.jsonl"]

    public let name: String
    public let folder: URL
    public let location: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String] = []
    /// Of each question the answers that count as right; at least one.
    let answers: [[String]]
    private let file: URL

    public init(folder: URL) throws { try self.init(name: Self.name, at: folder) }

    /// - Parameters:
    ///   - name: `qa`, `qa-<label>` or a known one
    ///   - location: the folder, or the file with its images beside it
    /// - Throws: `BenchmarkError.missingFile`, `.unclearFile`, `.badSample`, `FilesError`
    public init(name: String, at location: URL) throws {
        let known = Self.known.first { $0.name == name }
        (self.name, self.location) = (name, location)
        file = try known.map { try Self.file($0, in: location) } ?? Self.questionFile(at: location)
        folder = file.deletingLastPathComponent()
        let images = ImageFolder(folder)
        var read: [QuestionWithAnswers] = []
        let path = file.path
        try JSONRecords.forEach(of: file) { place, bytes in
            read += try QuestionWithAnswers.read(
                bytes, number: read.count, place: "\(path): \(place)", images: images)
        }
        var ids: Set<QuestionID> = []
        for entry in read where !ids.insert(entry.question.id).inserted {
            throw FilesError.badField(
                place: path, field: "question_id", found: "\(entry.question.id) more than once",
                expected: "an id of its own for every question")
        }
        questions = read.map(\.question)
        answers = read.map(\.answers)
        counts = [
            Count(
                name: known?.official.keys.first ?? "questions", file: file.lastPathComponent,
                number: read.count)
        ]
    }

    public var title: String { Self.title(of: name) ?? name }
    public var officialCounts: [String: Int] { Self.known.first { $0.name == name }?.official ?? [:] }
    public var manifest: String? { Self.known.first { $0.name == name }?.manifest }
    public var texts: [String]? { [file.lastPathComponent] }
    /// Answers may be as long as those of the file are.
    public var answering: AnsweringRules {
        guard answers.contains(where: { AnswerKind($0) == .long }) else { return Self.answering }
        return AnsweringRules(
            maximumNewTokens: 512, stopString: Self.answering.stopString, alwaysSquashes: false,
            cleaning: Self.answering.cleaning)
    }

    static func isName(_ name: String) -> Bool {
        name == Self.name || known.contains { $0.name == name }
            || (name.hasPrefix("\(Self.name)-") && name.count > Self.name.count + 1)
    }

    /// The heading of a test set by its name: `QA kinds` of `qa-kinds`; nil for another benchmark's.
    static func title(of name: String) -> String? {
        guard isName(name) else { return nil }
        if let known = known.first(where: { $0.name == name }) { return known.title }
        return name == Self.name ? title : "\(title) \(name.dropFirst(Self.name.count + 1))"
    }

    private static func file(_ known: Known, in location: URL) throws -> URL {
        guard isFolder(location) else { return location }
        let file = location.file(known.file)
        guard file.exists else {
            throw BenchmarkError.missingFile(
                benchmark: known.title, file: known.file, folder: location.path)
        }
        return file
    }

    /// The location if it is a file; of a folder one of `files`, else its only JSON file.
    private static func questionFile(at location: URL) throws -> URL {
        guard isFolder(location) else { return location }
        if let file = files.map({ location.file($0) }).first(where: \.exists) { return file }
        let names = try FileManager.default.contentsOfDirectory(atPath: location.path).sorted()
            .filter { ($0.hasSuffix(".json") || $0.hasSuffix(".jsonl")) && $0 != "receipt.json" }
        guard let only = names.first else {
            throw BenchmarkError.missingFile(benchmark: title, file: files[0], folder: location.path)
        }
        guard names.count == 1 else {
            throw BenchmarkError.unclearFile(folder: location.path, candidates: names)
        }
        return location.file(only)
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

/// How an answer is compared, which its gold answers decide.
enum AnswerKind {
    case yesNo
    /// At most `longestShort` words.
    case short
    case long

    static let longestShort = 8

    /// - Parameter answers: those that count as right
    init(_ answers: [String]) {
        let texts = answers.map(VQANormalizer.normalize)
        if texts.allSatisfy({ $0.isExactly("yes") || $0.isExactly("no") }) {
            self = .yesNo
        } else {
            let isLong = texts.allSatisfy { $0.scalars.words.count > Self.longestShort }
            self = isLong ? .long : .short
        }
    }
}
