import Files
import Foundation

/// What a whole run cost, summed over its steps: a resumed run's too, of which the process that ends it knows
/// the last part only. train-student keeps it in the `counts` of its receipt.
public struct TrainingTotals: Codable, Equatable, Sendable {
    /// Samples that were trained on, those seen twice counted twice.
    public var samplesSeen = 0
    /// Their tokens, visual ones included, and the supervised ones of them.
    public var tokens = 0, supervisedTokens = 0
    /// Times a sample went through a model, and rows (tokens) that went through it; see `StepMetrics`.
    public var studentPasses = 0, studentRows = 0, teacherPasses = 0, teacherRows = 0
    /// Time of all steps, seconds, without start and saving.
    public var trainingSeconds = 0.0
    /// Most resident memory after a step.
    public var residentBytes = 0
    /// Steps that left the weights as they were, because a number was not finite; absent where there are
    /// none.
    public var skippedSteps: Int?

    public init(_ steps: [StepMetrics]) {
        let skipped = steps.count { $0.skipped != nil }
        skippedSteps = skipped > 0 ? skipped : nil
        for step in steps {
            samplesSeen = max(samplesSeen, step.samples)  // a running count
            tokens += step.tokens
            supervisedTokens += step.supervisedTokens
            studentPasses += step.studentPasses
            studentRows += step.studentRows
            teacherPasses += step.teacherPasses
            teacherRows += step.teacherRows
            trainingSeconds += step.seconds.total
            residentBytes = max(residentBytes, step.residentBytes)
        }
    }

    /// Sums over the metrics.jsonl of a run's folder.
    ///
    /// - Throws: `FilesError` for an unreadable file, `RecordError` for a line that is no step
    public init(folder: URL) throws {
        let (steps, problems) = try MetricsFile.read(folder.appendingPathComponent(MetricsFile.file))
        if let problem = problems.first { throw problem }
        self.init(steps)
    }

    /// Reads the counts of a receipt of train-student.
    ///
    /// - Parameter file: where the receipt is, for errors
    /// - Throws: `RecordError` where a count is missing
    public init(counts: JSONValue, file: URL) throws(RecordError) {
        self = try RecordFormat.decode(Self.self, counts.bytes(.compact), file: file.path)
    }

    /// The totals as members of a receipt's counts.
    public func counts() throws -> [(name: String, value: JSONValue)] {
        guard case .object(let object) = try JSONValue(parsing: RecordFormat.line(self)) else { return [] }
        return object.members
    }

    /// A total for each sample; nil where no sample was seen. `perSample(studentRows)` is what tables call
    /// `student_rows_per_sample`: the rows of all passes, candidates and recomputed passes included.
    public func perSample(_ total: Int) -> Double? {
        samplesSeen > 0 ? Double(total) / Double(samplesSeen) : nil
    }
}
