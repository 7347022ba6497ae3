import Files
import Foundation

/// What a whole run cost, summed over the lines of its metrics.jsonl: a resumed run's too, of which the
/// process that ends it knows the last part only.
public struct TrainingTotals: Equatable, Sendable {
    /// Samples that were trained on, those seen twice counted twice.
    public var samples = 0
    /// Their tokens, visual ones included, and the supervised ones of them.
    public var tokens = 0
    public var supervisedTokens = 0
    /// See `StepMetrics`; nil where a line does not say (an earlier version began the run).
    public var studentPasses: Int? = 0
    public var studentRows: Int? = 0
    public var teacherPasses: Int? = 0
    public var teacherRows: Int? = 0
    /// Time of all steps, seconds, without start and saving.
    public var seconds = 0.0
    /// Most resident memory after a step.
    public var residentBytes = 0

    private struct Line: Decodable {
        let samples, tokens, supervised_tokens, resident_bytes: Int
        let student_passes, student_rows, teacher_passes, teacher_rows: Int?
        let seconds: StepMetrics.PartSeconds
    }

    /// - Throws: `FilesError` for an unreadable file or a line that is no step
    public init(folder: URL) throws {
        let file = folder.appendingPathComponent(MetricsFile.file)
        try JSONLines.forEach(of: file) { text in
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.bytes)) else {
                throw FilesError.corrupt(
                    path: file.path, offset: text.offset,
                    problem: "line \(text.number) is not the metrics of a step")
            }
            samples = max(samples, line.samples)  // a running count
            tokens += line.tokens
            supervisedTokens += line.supervised_tokens
            func sum(_ total: Int?, _ value: Int?) -> Int? { total.flatMap { t in value.map { t + $0 } } }
            studentPasses = sum(studentPasses, line.student_passes)
            studentRows = sum(studentRows, line.student_rows)
            teacherPasses = sum(teacherPasses, line.teacher_passes)
            teacherRows = sum(teacherRows, line.teacher_rows)
            seconds += line.seconds.total
            residentBytes = max(residentBytes, line.resident_bytes)
        }
    }

    /// For the receipt.
    public var counts: [(name: String, value: JSONValue)] {
        let passes = [
            ("student_passes", studentPasses), ("student_rows", studentRows),
            ("teacher_passes", teacherPasses), ("teacher_rows", teacherRows),
        ].compactMap { name, value in value.map { (name: name, value: JSONValue.int($0)) } }
        return [
            ("samples_seen", .int(samples)), ("tokens", .int(tokens)),
            ("supervised_tokens", .int(supervisedTokens)),
        ] + passes + [("training_seconds", .number(seconds)), ("resident_bytes", .int(residentBytes))]
    }
}
