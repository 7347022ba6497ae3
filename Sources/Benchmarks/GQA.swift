import Files
import Foundation

/// GQA (testdev_balanced): short answers about scene graphs, exact match.
public struct GQA: Benchmark {
    public static let name = "gqa"
    public static let title = "GQA"
    public static let answering = AnsweringRules.shortAnswer
    public static let officialCounts = ["questions": 12_578, "images": 398]

    static let annotationFile = "testdev_balanced_questions.json"
    static let questionFile = "llava_gqa_testdev_balanced.jsonl"

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String]
    private let entries: [Entry]

    /// One annotated question.
    struct Entry {
        let id: String
        let question: String
        let answer: String
        let image: String
        let isBalanced: Bool
        let structural: String
        let semantic: String
        /// Reasoning steps, without the final existence or name question.
        let steps: Int
        /// The set of questions whose answers should be spread alike.
        let group: String?

        init(id: String, _ record: JSONField) throws {
            self.id = id
            question = try record["question"].string()
            answer = try record["answer"].string()
            image = try record["imageId"].string() + ".jpg"
            isBalanced = try record["isBalanced"].bool()
            let types = try record["types"]
            structural = try types["structural"].string()
            semantic = try types["semantic"].string()
            steps = try record["semantic"].elements().count { step in
                let text = "\(try step["operation"].string()): \(try step["argument"].string())"
                return !["exist", "query: name", "choose name"].contains { text.holds($0) }
            }
            group = try record["groups"].optional("global")?.string()
        }
    }

    public init(folder: URL) throws {
        self.folder = folder
        let source = try SourceFile(GQA.annotationFile, in: folder, of: GQA.title)
        entries = try source.document().members().map { try Entry(id: $0, $1) }
        let rebuilt = entries.filter(\.isBalanced).map { entry in
            Question(
                id: .string(entry.id), text: "\(entry.question)\n\(Instruction.shortAnswer)",
                image: .file(folder.file("images/\(entry.image)")), category: "default")
        }
        if let file = try QuestionFile(GQA.questionFile, in: folder) {
            let asked = file.entries.map { entry in
                Question(
                    id: entry.id, text: entry.text, image: .file(folder.file("images/\(entry.image)")),
                    category: entry.category)
            }
            questions = asked
            notices = [QuestionFile.disagreement(asked: asked, rebuilt: rebuilt, file: file.name)].compactMap
            { $0 }
        } else {
            questions = rebuilt
            notices = []
        }
        let balanced = entries.filter(\.isBalanced)
        counts = [
            Count(name: "questions", file: GQA.annotationFile, number: balanced.count),
            Count(
                name: "images", file: GQA.annotationFile,
                number: Set(balanced.map { ExactKey($0.image) }).count),
        ]
    }

    /// Drops every full stop at the very end, lower-cases; nothing else (no trimming).
    package static func normalize(_ text: String) -> String {
        var scalars = text.scalars
        while scalars.last == "." { scalars.removeLast() }
        return String(scalars).lowered
    }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        let (records, duplicates) = answers.lastOfEach()
        var counts = AnswerCounts(duplicate: duplicates)
        var all = Tally()
        var binary = Tally()
        var open = Tally()
        var structural = Breakdown()
        var semantic = Breakdown()
        var words = Breakdown()
        var steps = Breakdown()
        var spread = AnswerSpread()
        var items: [ItemScore] = []
        for entry in entries {
            let record = records[.string(entry.id)]
            guard entry.isBalanced else {
                counts.unscored += record == nil ? 0 : 1
                continue
            }
            counts.questions += 1
            guard let record else {
                counts.missing += 1
                items.append(
                    ItemScore(
                        id: .string(entry.id), text: nil, extracted: nil, gold: entry.answer, credit: 0,
                        group: entry.structural))
                continue
            }
            counts.scored += 1
            let prediction = GQA.normalize(record.text)
            let credit = prediction.isExactly(entry.answer) ? 1.0 : 0
            all.add(credit)
            if entry.structural.isExactly("query") { open.add(credit) } else { binary.add(credit) }
            structural.add(entry.structural, credit)
            semantic.add(entry.semantic, credit)
            words.add(String(entry.question.scalars.words.count), credit)
            steps.add(String(entry.steps), credit)
            if let group = entry.group { spread.add(gold: entry.answer, predicted: prediction, group: group) }
            items.append(
                ItemScore(
                    id: record.questionID, text: record.text, extracted: prediction, gold: entry.answer,
                    credit: credit,
                    group: entry.structural))
        }
        counts.unknown = records.count - counts.scored - counts.unscored
        var notices = counts.notices
        if counts.missing > 0 {
            notices.append("GQA's own scorer refuses incomplete answers, so official_eval is undefined")
        }
        // The official scorer gives the same numbers, but only for complete answers.
        let official: JSONValue =
            counts.missing > 0
            ? .null
            : .of(("accuracy", JSONValue(all.percent)), ("distribution", JSONValue(spread.distance)))
        return BenchmarkScore(
            benchmark: GQA.name, headline: all.percent, headlineName: "exact-match accuracy x 100",
            counts: counts,
            details: .of(
                ("accuracy", JSONValue(all.percent)), ("binary", JSONValue(binary.percent)),
                ("open", JSONValue(open.percent)),
                ("distribution", JSONValue(spread.distance)), ("scored", .int(counts.scored)),
                ("missing", .int(counts.missing)), ("structural", structural.json()),
                ("semantic", semantic.json()),
                ("steps", steps.json()), ("words", words.json()), ("official_eval", official)),
            items: items, notices: notices)
    }
}

/// How far predicted answers are spread from gold answers, chi-squared within each group; lower is better.
private struct AnswerSpread {
    private var gold: [ExactKey: [ExactKey: Int]] = [:]
    private var predicted: [ExactKey: [ExactKey: Int]] = [:]

    mutating func add(gold answer: String, predicted prediction: String, group: String) {
        gold[ExactKey(group), default: [:]][ExactKey(answer), default: 0] += 1
        predicted[ExactKey(group), default: [:]][ExactKey(prediction), default: 0] += 1
    }

    /// The mean of the groups' chi-squared, weighted by their sizes, over 100.
    var distance: Double? {
        var weighted = 0.0
        var total = 0.0
        for (group, answers) in gold.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }) {
            let size = Double(answers.values.reduce(0, +))
            // In a fixed order: the sum must not depend on the hash seed.
            let chi = answers.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }.reduce(0.0) {
                sum, answer in
                let expected = Double(answer.value)
                let observed = Double(predicted[group]?[answer.key] ?? 0)
                return sum + (observed - expected) * (observed - expected) / expected
            }
            weighted += chi * size
            total += size
        }
        return total == 0 ? nil : weighted / total / 100
    }
}
