import Files
import Foundation

/// POPE on COCO: is there a thing in the image; three ways of drawing the things that are not. Mean F1.
public struct POPE: Benchmark {
    public static let name = "pope"
    public static let title = "POPE"
    public static let answering = AnsweringRules.shortAnswer
    public static let officialCounts = ["adversarial": 3_000, "random": 2_910, "popular": 3_000]

    static let questionFile = "llava_pope_test.jsonl"
    /// The subsets in the question file's order; ids of a subset start after `firstID`.
    static let subsets = [
        (name: "adversarial", firstID: 0), (name: "random", firstID: 10_000_000),
        (name: "popular", firstID: 20_000_000),
    ]

    public let folder: URL
    public let questions: [Question]
    public let counts: [Count]
    public let notices: [String]
    private let labels: [(subset: String, labels: [Label])]

    private struct Label {
        let id: QuestionID
        let isYes: Bool
    }

    public init(folder: URL) throws {
        self.folder = folder
        var rebuilt: [Question] = []
        var labels: [(subset: String, labels: [Label])] = []
        var counts: [Count] = []
        var notices: [String] = []
        let asked = try QuestionFile(POPE.questionFile, in: folder)
        for subset in POPE.subsets {
            let path = POPE.labelFile(subset.name)
            let ids = asked?.entries.filter { $0.category == subset.name }.map(\.id)
            let records = try SourceFile(path, in: folder, of: POPE.title).records()
            var subsetLabels: [Label] = []
            var others = 0
            for (index, record) in records.enumerated() {
                // Labels and answers are paired by position, whatever number a label has.
                let id =
                    ids.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                    ?? .integer(subset.firstID + index + 1)
                if try record["question_id"].value?.int != index + 1 { others += 1 }
                let label = try record["label"].string()
                guard label == "yes" || label == "no" else {
                    throw try record["label"].bad(found: "\"\(label)\"", expected: "\"yes\" or \"no\"")
                }
                subsetLabels.append(Label(id: id, isYes: label == "yes"))
                rebuilt.append(
                    Question(
                        id: id, text: "\(try record["text"].string())\n\(Instruction.shortAnswer)",
                        image: .file(folder.file("val2014/\(try record["image"].string())")),
                        category: subset.name))
            }
            if others > 0 {
                notices.append(
                    "\(path): \(others) ids are not the numbers of their lines, by which labels count here "
                        + "as in the reference")
            }
            labels.append((subset.name, subsetLabels))
            counts.append(Count(name: subset.name, file: path, number: records.count))
        }
        if let asked { try POPE.check(asked, against: rebuilt, folder: folder) }
        questions = rebuilt
        self.labels = labels
        self.counts = counts
        self.notices = notices
    }

    static func labelFile(_ subset: String) -> String { "coco/coco_pope_\(subset).json" }

    /// The label files carry no version, so the question file is what tells a later one apart.
    private static func check(_ file: QuestionFile, against rebuilt: [Question], folder: URL) throws {
        let remedy =
            "the label files are not of the question file's version: take those of the POPE repository at "
            + "commit e3e39262"
        for subset in subsets {
            let asked = file.entries.filter { $0.category == subset.name }
            let labelled = rebuilt.filter { $0.category == subset.name }
            let path = folder.file(labelFile(subset.name)).path
            guard asked.count == labelled.count else {
                throw BenchmarkError.otherVersion(
                    file: path, found: "\(labelled.count) questions",
                    expected: "\(asked.count) as in \(questionFile)", remedy: remedy)
            }
            for (index, (entry, question)) in zip(asked, labelled).enumerated() {
                guard entry.id == question.id, entry.text.isExactly(question.text),
                    question.image.fileName?.isExactly(entry.image) == true
                else {
                    throw BenchmarkError.otherVersion(
                        file: "\(path):\(index + 1)",
                        found:
                            "question \(question.id) is \"\(question.text.linesSplitAtLineFeeds[0])\" on "
                            + "\(question.image.fileName ?? "no image")",
                        expected:
                            "question \(entry.id) \"\(entry.text.linesSplitAtLineFeeds[0])\" on "
                            + "\(entry.image) as in \(questionFile)",
                        remedy: remedy)
                }
            }
        }
    }

    public func score(_ answers: AnswerFile) throws -> BenchmarkScore {
        let counts = try checkPairing(answers)
        var details = JSONObject()
        var subsetDetails = JSONObject()
        var items: [ItemScore] = []
        var results: [YesNoCounts] = []
        let (records, _) = answers.lastOfEach()
        for (subset, labels) in labels {
            var result = YesNoCounts()
            for label in labels {
                guard let record = records[label.id] else { continue }
                let saysYes = YesNoCounts.saysYes(record.text)
                result.add(saysYes: saysYes, isYes: label.isYes)
                items.append(
                    ItemScore(
                        id: label.id, text: record.text, extracted: saysYes ? "yes" : "no",
                        gold: label.isYes ? "yes" : "no",
                        credit: saysYes == label.isYes ? 1 : 0, group: subset))
            }
            results.append(result)
            subsetDetails.append(subset, result.json)
        }
        let f1 = POPE.meanPercent(results.map(\.f1))
        details.append("categories", .object(subsetDetails))
        details.append("mean_f1", JSONValue(f1))
        details.append("mean_accuracy", JSONValue(POPE.meanPercent(results.map(\.accuracy))))
        var notices = counts.notices
        let texts = items.compactMap(\.text)
        notices += unreadableNotices(
            empty: texts.count { $0.trimmed.isEmpty },
            neither: texts.count { !$0.trimmed.isEmpty && YesNoCounts.reads($0) == nil },
            of: texts.count, effect: "POPE's rule reads them as yes")
        if f1 == nil { notices.append("F1 is undefined in a subset where no yes is right") }
        return BenchmarkScore(
            benchmark: POPE.name, headline: f1, headlineName: "mean F1 of the three subsets x 100",
            counts: counts,
            details: .object(details), items: items, notices: notices)
    }

    /// The reference pairs answers and labels by position, so answers must be complete and in order.
    private func checkPairing(_ answers: AnswerFile) throws -> AnswerCounts {
        let expected = labels.map { $0.labels.map(\.id) }
        let known = Set(expected.joined())
        var seen: Set<QuestionID> = []
        var counts = AnswerCounts(questions: known.count)
        for record in answers.records {
            if !known.contains(record.questionID) {
                counts.unknown += 1
            } else if !seen.insert(record.questionID).inserted {
                counts.duplicate += 1
            }
        }
        counts.missing = known.count - seen.count
        counts.scored = seen.count
        guard counts.missing == 0, counts.duplicate == 0 else {
            let absent = expected.joined().first { !seen.contains($0) }.map { ", the first is \($0)" } ?? ""
            throw BenchmarkError.incomplete(
                file: answers.name, benchmark: POPE.title,
                reason:
                    "of \(known.count) questions \(counts.missing) have no answer\(absent); "
                    + "\(counts.duplicate) answers repeat a question, "
                    + "\(counts.unknown) belong to none; the reference pairs answers and labels by "
                    + "position, so answer every question once"
            )
        }
        for (subset, ids) in zip(POPE.subsets, expected) {
            let members = Set(ids)
            let found = answers.records.filter { members.contains($0.questionID) }
            if let (record, id) = zip(found, ids).first(where: { $0.questionID != $1 }) {
                throw FilesError.badField(
                    place: "\(answers.name):\(record.line)", field: "question_id",
                    found: "\(record.questionID)",
                    expected:
                        "\(id): answers of the \(subset.name) subset must be in the question file's order")
            }
        }
        return counts
    }

    private static func meanPercent(_ values: [Double?]) -> Double? {
        let defined = values.compactMap { $0 }
        return defined.count == values.count && !defined.isEmpty
            ? 100 * defined.reduce(0, +) / Double(defined.count) : nil
    }
}
