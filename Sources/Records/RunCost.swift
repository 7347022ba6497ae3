import Files
import Foundation

/// What a training run cost, for each sample trained on where it says so: a row of efficiency.json's `runs`
/// (the paper's Tables 6 and 14).
public struct RunCost: Decodable, Equatable, Sendable {
    public let name: String
    /// Terms with a weight, such as `sft+kd` or `sft+0.5 kd`.
    public let objective: String
    /// Optimizer steps, and samples that were trained on, those seen twice counted twice.
    public let steps, samples: Int?
    /// Seconds of all steps, also of those before an interruption.
    public let trainingSeconds: Double?
    /// Seconds of the last process, from its start to the receipt.
    public let wallSeconds, cpuSeconds: Double?
    public let peakResidentBytes: Int?
    /// Tokens of a sample: rows of one plain pass.
    public let tokensPerSample: Double?
    public let studentPassesPerSample, studentRowsPerSample: Double?
    public let teacherPassesPerSample, teacherRowsPerSample: Double?

    /// Reads the receipt of a finished training.
    ///
    /// - Parameter name: what the run is called
    /// - Throws: `FilesError.corrupt` for an altered receipt, `RecordError` for a folder that no training has
    ///   finished or a count that is missing
    public init(name: String, folder: URL) throws {
        guard let receipt = try Receipt.read(in: folder), receipt.stage == "train-student" else {
            throw RecordError.notMadeBy(stage: "train-student", folder: folder.path)
        }
        let totals = try TrainingTotals(
            counts: receipt.counts, file: folder.appendingPathComponent(Receipt.fileName))
        self.name = name
        objective = Self.objective(receipt.recipe["weights"])
        if case .int(let count)? = receipt.counts["steps"] { steps = count } else { steps = nil }
        (samples, trainingSeconds) = (totals.samplesSeen, totals.trainingSeconds)
        (wallSeconds, cpuSeconds) = (receipt.wallSeconds, receipt.cpuSeconds)
        peakResidentBytes = max(receipt.peakResidentBytes, totals.residentBytes)
        tokensPerSample = totals.perSample(totals.tokens)
        studentPassesPerSample = totals.perSample(totals.studentPasses)
        studentRowsPerSample = totals.perSample(totals.studentRows)
        teacherPassesPerSample = totals.perSample(totals.teacherPasses)
        teacherRowsPerSample = totals.perSample(totals.teacherRows)
    }

    private static func objective(_ weights: JSONValue?) -> String {
        LossTerms.Name.allCases.compactMap { term in
            switch weights?[term.rawValue] {
            case .int(0)?, .double(0)?: nil
            case .int(1)?, .double(1)?: term.rawValue
            case .int(let weight)?: "\(weight) \(term.rawValue)"
            case .double(let weight)?: "\(weight) \(term.rawValue)"
            default: nil
            }
        }.joined(separator: "+")
    }

    var json: JSONObject {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        func count(_ value: Int?) -> JSONValue { value.map { .int($0) } ?? .null }
        return [
            "name": .string(name), "objective": .string(objective), "steps": count(steps),
            "samples": count(samples), "training_seconds": number(trainingSeconds),
            "wall_seconds": number(wallSeconds), "cpu_seconds": number(cpuSeconds),
            "peak_resident_bytes": count(peakResidentBytes), "tokens_per_sample": number(tokensPerSample),
            "student_passes_per_sample": number(studentPassesPerSample),
            "student_rows_per_sample": number(studentRowsPerSample),
            "teacher_passes_per_sample": number(teacherPassesPerSample),
            "teacher_rows_per_sample": number(teacherRowsPerSample),
        ]
    }
}
