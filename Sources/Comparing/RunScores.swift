import Foundation
import Records

/// Result of one training run: its scores, how each question went, and what it cost.
///
/// Read from the run's folder: `scores/` of score-benchmarks, and `model/metrics.jsonl` and
/// `model/receipt.json` of train-student.
public struct RunScores: Sendable {
    /// Numbers by column: benchmarks' headlines by name; `average`; and the costs of `RunScores.costs`.
    public private(set) var values: [String: Double] = [:]
    /// Credits of the questions, by benchmark.
    public let items: [String: [ItemRecord]]

    /// Columns of what a run cost: wall seconds of all steps and per step, the part of it the teacher took,
    /// rows a sample ran through the student (`TrainingTotals.perSample`), and resident memory at its peak.
    public static let costs = [
        "training_seconds", "seconds_per_step", "teacher_seconds", "student_rows_per_sample",
        "peak_resident_bytes",
    ]

    public init(values: [String: Double], items: [ItemRecord]) {
        self.values = values
        self.items = Dictionary(grouping: items, by: \.benchmark)
    }

    /// - Throws: `FilesError` and `RecordError` where a file of the run is missing or is not what its stage
    ///   writes, `ComparingError.notOneModel`
    public init(folder: URL) throws {
        let scores = folder.appendingPathComponent("scores")
        let file = scores.appendingPathComponent(ScoresFile.file)
        let models = try ScoresFile(file).models
        guard models.count == 1, let model = models.first else {
            throw ComparingError.notOneModel(file: file.path, models: models.map(\.model))
        }
        self.init(
            values: model.benchmarks.compactMapValues(\.headline),
            items: try ItemRecord.read(scores.appendingPathComponent(ItemRecord.file)))
        values["average"] = model.average
        try readCosts(folder.appendingPathComponent("model"))
    }

    /// Adds the costs of a run that left its metrics.
    private mutating func readCosts(_ model: URL) throws {
        let file = model.appendingPathComponent(MetricsFile.file)
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let (steps, problems) = try MetricsFile.read(file)
        if let problem = problems.first { throw problem }
        let totals = TrainingTotals(steps)
        values["training_seconds"] = totals.trainingSeconds
        values["seconds_per_step"] = totals.trainingSeconds / Double(max(1, steps.count))
        values["teacher_seconds"] = steps.reduce(0) { $0 + $1.seconds.teacher }
        values["student_rows_per_sample"] = totals.perSample(totals.studentRows)
        values["peak_resident_bytes"] = try Receipt.read(in: model).map { Double($0.peakResidentBytes) }
    }
}
