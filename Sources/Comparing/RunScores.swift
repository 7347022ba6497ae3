import Files
import Foundation
import Records

/// Result of one training run: its scores, how each question went, and what it cost.
///
/// Read from the run's folder: `scores/` of score-benchmarks; `model/metrics.jsonl` and `model/receipt.json`
/// of train-student; `efficiency/` of measure-efficiency.
public struct RunScores: Sendable {
    /// Numbers by column: benchmarks' headlines by name; `average`; and those of `MeasuredColumn`.
    public private(set) var values: [String: Double] = [:]
    /// Benchmarks that were asked, also those whose score is undefined.
    public private(set) var scored: Set<String>
    /// Credits of the questions, by benchmark.
    public let items: [String: [ItemRecord]]

    public init(values: [String: Double], items: [ItemRecord]) {
        (self.values, scored) = (values, Set(values.keys))
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
        scored = Set(model.benchmarks.keys)
        values["average"] = model.average
        try readCosts(folder.appendingPathComponent("model"))
        try readEfficiency(folder.appendingPathComponent("efficiency"))
    }

    /// Files below a run's folder that its costs are read from, as far as it has them.
    public static func costFiles(in folder: URL) -> [String] {
        [
            "model/\(Receipt.fileName)", "model/\(MetricsFile.file)", "efficiency/\(EfficiencyFile.file)",
        ].filter { FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path) }
    }

    /// Adds the costs of a run that left its metrics, and what its receipt has counted.
    private mutating func readCosts(_ model: URL) throws {
        let file = model.appendingPathComponent(MetricsFile.file)
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let receipt = try Receipt.read(in: model)
        try receipt?.hold(in: model, FileDigests()) { $0.path == MetricsFile.file }
        let (steps, problems) = try MetricsFile.read(file)
        if let problem = problems.first { throw problem }
        let totals = TrainingTotals(steps)
        values["training_seconds"] = totals.trainingSeconds
        values["seconds_per_step"] = totals.trainingSeconds / Double(max(1, steps.count))
        values["teacher_seconds"] = steps.reduce(0) { $0 + $1.seconds.teacher }
        values["student_rows_per_sample"] = totals.perSample(totals.studentRows)
        values["student_passes_per_sample"] = totals.perSample(totals.studentPasses)
        values["teacher_passes_per_sample"] = totals.perSample(totals.teacherPasses)
        guard let receipt else { return }
        values["peak_resident_bytes"] = Double(receipt.peakResidentBytes)
        for column in ["saliency_layer", "most_relevant_layer"] {
            values[column] = receipt.counts[column]?.double
        }
    }

    /// Adds what answering costs, where it was measured.
    private mutating func readEfficiency(_ folder: URL) throws {
        let file = folder.appendingPathComponent(EfficiencyFile.file)
        guard FileManager.default.fileExists(atPath: file.path),
            let cost = try EfficiencyFile(file).models.first
        else { return }
        values["parameters"] = Double(cost.parameters)
        values["answering_resident_bytes"] = Double(cost.peakResidentBytes)
        values["first_token_seconds"] = cost.firstTokenSeconds
        values["tokens_per_second"] = cost.tokensPerSecond
    }
}
