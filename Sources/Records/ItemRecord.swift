import Files
import Foundation

/// A line of items.jsonl of score-benchmarks: how one question went. It is what paired tests need.
public struct ItemRecord: Decodable, Equatable, Sendable {
    public static let file = "items.jsonl"
    public let model, benchmark, question: String
    /// The breakdown that the question belongs to; may be empty.
    public let group: String
    /// 1 right, 0 wrong, between in TextVQA.
    public let credit: Double

    public init(model: String, benchmark: String, question: String, group: String, credit: Double) {
        (self.model, self.benchmark, self.question) = (model, benchmark, question)
        (self.group, self.credit) = (group, credit)
    }

    /// - Throws: `RecordError`, `FilesError` where the file cannot be read
    public static func read(_ url: URL) throws -> [ItemRecord] { try RecordFormat.lines(Self.self, url) }

    /// The records as lines.
    public static func text(_ records: [ItemRecord]) -> String {
        records.map { item in
            let line: JSONValue = [
                "model": .string(item.model), "benchmark": .string(item.benchmark),
                "question": .string(item.question), "group": .string(item.group),
                "credit": .number(item.credit),
            ]
            return line.text(.line) + "\n"
        }.joined()
    }
}
