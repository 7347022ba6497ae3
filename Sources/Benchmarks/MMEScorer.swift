import Files
import Foundation

/// One line of MME's official answer format: image, question, gold, answer, tab-separated.
public struct MMELine: Sendable {
    /// Id of the answer's record.
    public let id: QuestionID
    /// `<stem>.txt`, the image as the official tool names it.
    public let image: String
    /// Question as the release words it.
    public let question: String
    /// "Yes" or "No".
    public let gold: String
    /// On one line: a tab or a line end in the model's text is a space here.
    public let answer: String
    /// The model's own text.
    public let text: String
    /// Line of the answer in its file.
    public let line: Int

    init(_ record: AnswerRecord, question: String, gold: String) {
        id = record.questionID
        image = "\(MME.stem(record.questionID.description)).txt"
        self.question = question
        self.gold = gold
        text = record.text
        answer = String(record.text.scalars.map { $0 == "\t" || $0 == "\n" || $0 == "\r" ? " " : $0 })
        line = record.line
    }

    /// The line as the official tool reads it, without its line feed.
    public var encoded: String { "\(image)\t\(question)\t\(gold)\t\(answer)" }

    fileprivate init(_ line: String, subtask: String, file: String, number: Int) throws {
        let fields = line.utf8.split(separator: 0x09, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard fields.count == 4 else {
            throw BenchmarkError.malformed(
                file: file, line: number,
                reason: "expected image, question, gold and answer between tabs, found \(fields.count) fields"
            )
        }
        image = fields[0]
        question = fields[1]
        gold = fields[2]
        answer = fields[3]
        text = fields[3]
        self.line = number
        id = .string("\(subtask)/\(fields[0])")
    }
}

/// MME's scoring rules over lines in file order.
public enum MMEScorer {
    package enum Label: String {
        case yes, no, other
    }

    /// Scores a folder of `<subtask>.txt` in the official tab-separated form; the gold answers stand in the
    /// lines.
    public static func score(officialFolder folder: URL) throws -> BenchmarkScore {
        var lines: [String: [MMELine]] = [:]
        var counts = AnswerCounts()
        for subtask in MME.perception + MME.cognition {
            let file = try SourceFile("\(subtask).txt", in: folder, of: "MME answers")
            lines[subtask] = try file.lines().enumerated().filter { !$0.element.isEmpty }.map {
                try MMELine($0.element, subtask: subtask, file: file.name, number: $0.offset + 1)
            }
            counts.questions += MME.officialCounts[subtask] ?? 0
            counts.scored += lines[subtask]?.count ?? 0
        }
        counts.missing = max(0, counts.questions - counts.scored)
        return try score(lines, counts: counts, file: folder.path)
    }

    /// Exactly yes or no, else whichever the first four code points hold, yes before no; never trimmed.
    package static func label(_ answer: String) -> Label {
        let text = answer.lowered
        if text.isExactly("yes") { return .yes }
        if text.isExactly("no") { return .no }
        let start = Array(text.unicodeScalars.prefix(4))
        return start.holds("yes".scalars) ? .yes : start.holds("no".scalars) ? .no : .other
    }

    /// Scores each subtask's lines in their order.
    static func score(
        _ lines: [String: [MMELine]], counts: AnswerCounts, file: String
    ) throws -> BenchmarkScore {
        var subtasks = JSONObject()
        var items: [ItemScore] = []
        var scores: [String: Double] = [:]
        for name in MME.perception + MME.cognition {
            let result = try scoreSubtask(name, lines[name] ?? [], file: file)
            subtasks.append(name, result.details)
            items += result.items
            scores[name] = result.score
        }
        func total(_ names: [String]) -> Double? {
            let defined = names.compactMap { scores[$0] }
            return defined.count == names.count ? defined.reduce(0, +) : nil
        }
        let perception = total(MME.perception)
        let cognition = total(MME.cognition)
        var notices = counts.notices
        let rewritten = lines.values.joined().count { !$0.answer.isExactly($0.text) }
        if rewritten > 0 {
            notices.append(
                "\(rewritten) answers hold a tab or line end, which the official format cannot: read as "
                    + "spaces"
            )
        }
        if perception == nil {
            notices.append("a perception subtask has no answers: perception is undefined")
        }
        return BenchmarkScore(
            benchmark: MME.name, headline: perception.map { $0 / 20 }, headlineName: "perception total / 20",
            counts: counts,
            details: .of(
                ("perception", JSONValue(perception)), ("cognition", JSONValue(cognition)),
                ("table_value", JSONValue(perception.map { $0 / 20 })), ("subtasks", .object(subtasks))),
            items: items, notices: notices)
    }

    /// 100 x share of right questions + 100 x share of images with both right.
    private static func scoreSubtask(
        _ name: String, _ lines: [MMELine], file: String
    ) throws -> (score: Double?, details: JSONValue, items: [ItemScore]) {
        var questions = Tally()
        var images = Tally()
        var table: [Label: [Bool: Int]] = [:]
        var items: [ItemScore] = []
        var isPairRight = true
        for (index, line) in lines.enumerated() {
            let first = lines[index - index % 2]
            guard first.image.isExactly(line.image), index % 2 == 1 || index + 1 < lines.count else {
                throw BenchmarkError.incomplete(
                    file: "\(file):\(first.line)", benchmark: MME.title,
                    reason:
                        "the answers on \(first.id) are not two in a row; the reference takes consecutive "
                        + "answers as an image's pair"
                )
            }
            let gold = label(line.gold)
            let found = label(line.answer)
            guard gold != .other else {
                throw BenchmarkError.malformed(
                    file: file, line: line.line, reason: "gold answer \"\(line.gold)\" is neither Yes nor No")
            }
            let isRight = found == gold
            questions.add(isRight)
            isPairRight = index % 2 == 0 ? isRight : isPairRight && isRight
            if index % 2 == 1 { images.add(isPairRight) }
            table[found, default: [:]][gold == .yes, default: 0] += 1
            items.append(
                ItemScore(
                    id: line.id, text: line.text, extracted: found.rawValue, gold: gold.rawValue,
                    credit: isRight ? 1 : 0,
                    group: name, reference: line.question))
        }
        let score = questions.percent.flatMap { accuracy in images.percent.map { accuracy + $0 } }
        func cell(_ label: Label, _ isYes: Bool) -> JSONValue { .int(table[label]?[isYes] ?? 0) }
        return (
            score,
            .of(
                ("type", .string(MME.perception.contains(name) ? "Perception" : "Cognition")),
                ("questions", .int(questions.tries)), ("acc", JSONValue(questions.share)),
                ("acc_plus", JSONValue(images.share)), ("score", JSONValue(score)),
                ("TP", cell(.yes, true)),
                ("FN", cell(.no, true)), ("TN", cell(.no, false)), ("FP", cell(.yes, false)),
                ("other", .int(table[.other]?.values.reduce(0, +) ?? 0))),
            items
        )
    }
}
