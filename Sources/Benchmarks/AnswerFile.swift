import Foundation

/// The answers of one model to one benchmark, in file order.
public struct AnswerFile: Sendable {
    /// The path as errors show it.
    public let name: String
    /// Records in the order of the file.
    public let records: [AnswerRecord]

    /// - Parameter name: what errors call the answers
    public init(name: String, records: [AnswerRecord]) {
        self.name = name
        self.records = records
    }

    /// Reads a whole file; a line that is cut short or lacks `question_id` or `text` is an error with file,
    /// line and field. (What a stopped run has left is cut by `ResumableLines` before it is continued.)
    public init(_ url: URL) throws {
        let source = try SourceFile(url)
        self.init(name: source.name, records: try source.records().map { try AnswerRecord($0) })
    }

    /// The last record of each id, and how many earlier ones were replaced.
    func lastOfEach() -> (records: [QuestionID: AnswerRecord], duplicates: Int) {
        var records: [QuestionID: AnswerRecord] = [:]
        records.reserveCapacity(self.records.count)
        var duplicates = 0
        for record in self.records where records.updateValue(record, forKey: record.questionID) != nil {
            duplicates += 1
        }
        return (records, duplicates)
    }

    /// Pairs questions with their last answers and counts how they met; `body` judges one question, answered
    /// or not.
    func judge(
        _ questions: [Question], _ body: (_ index: Int, _ record: AnswerRecord?) -> ItemScore
    ) -> (counts: AnswerCounts, items: [ItemScore]) {
        let (records, duplicates) = lastOfEach()
        var counts = AnswerCounts(questions: questions.count, duplicate: duplicates)
        let items = questions.indices.map { index in
            let record = records[questions[index].id]
            if record == nil { counts.missing += 1 } else { counts.scored += 1 }
            return body(index, record)
        }
        counts.unknown = records.count - counts.scored
        return (counts, items)
    }
}
