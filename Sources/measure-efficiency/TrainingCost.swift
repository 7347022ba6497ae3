import Files
import Foundation
import Stage

/// What a training run cost, read from its receipt (the paper's Tables 6 and 14). Figures that an older
/// receipt lacks are nil.
struct TrainingCost {
    let objective: String
    let steps, samples: Int?
    /// Of all steps, also of those before an interruption; of the last process, from start to receipt.
    let trainingSeconds: Double?
    let wallSeconds, cpuSeconds: Double
    let peakResidentBytes: Int
    /// Times a sample went through a model, and rows (tokens) that went through it, for each sample trained
    /// on.
    let studentPasses, studentRows, teacherPasses, teacherRows: Double?
    /// Tokens of a sample: rows of one plain pass.
    let tokens: Double?

    /// - Throws: `FilesError.corrupt` for an altered receipt; `NoTrainingRun` for a folder that no training
    ///   has finished
    init(folder: URL) throws {
        guard let receipt = try Receipt.read(in: folder), receipt.stage == "train-student" else {
            throw NoTrainingRun(folder: folder.path)
        }
        func count(_ name: String) -> Double? {
            switch receipt.counts[name] {
            case .int(let value): Double(value)
            case .double(let value): value
            default: nil
            }
        }
        let seen = count("samples_seen")
        func perSample(_ name: String) -> Double? {
            guard let seen, seen > 0 else { return nil }
            return count(name).map { $0 / seen }
        }
        objective = Self.objective(receipt.recipe)
        (steps, samples) = (count("steps").map { Int($0) }, seen.map { Int($0) })
        trainingSeconds = count("training_seconds")
        (wallSeconds, cpuSeconds) = (receipt.wallSeconds, receipt.cpuSeconds)
        peakResidentBytes = max(receipt.peakResidentBytes, count("resident_bytes").map { Int($0) } ?? 0)
        (studentPasses, studentRows) = (perSample("student_passes"), perSample("student_rows"))
        (teacherPasses, teacherRows) = (perSample("teacher_passes"), perSample("teacher_rows"))
        tokens = perSample("tokens")
    }

    /// The terms with a weight, such as `sft+kd` or `sft+0.5 kd`.
    private static func objective(_ recipe: JSONValue) -> String {
        guard case .object(let weights)? = recipe["weights"] else { return "" }
        // SFT first, as the paper has it; the others follow.
        let terms = weights.members.filter { $0.name == "sft" } + weights.members.filter { $0.name != "sft" }
        return terms.compactMap { name, value -> String? in
            switch value {
            case .int(0): nil
            case .int(1): name
            case .int(let weight): "\(weight) \(name)"
            case .double(let weight): weight == 0 ? nil : weight == 1 ? name : "\(weight) \(name)"
            default: nil
            }
        }.joined(separator: "+")
    }

    var json: JSONObject {
        func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
        return [
            "objective": .string(objective), "steps": steps.map { .int($0) } ?? .null,
            "samples": samples.map { .int($0) } ?? .null, "training_seconds": number(trainingSeconds),
            "wall_seconds": .number(wallSeconds), "cpu_seconds": .number(cpuSeconds),
            "peak_resident_bytes": .int(peakResidentBytes), "tokens_per_sample": number(tokens),
            "student_passes_per_sample": number(studentPasses),
            "student_rows_per_sample": number(studentRows),
            "teacher_passes_per_sample": number(teacherPasses),
            "teacher_rows_per_sample": number(teacherRows),
        ]
    }
}

/// A folder that is not the result of train-student.
struct NoTrainingRun: ExitCoded, CustomStringConvertible {
    let folder: String
    var exitCode: Int32 { ExitStatus.badData }
    var description: String {
        "\(folder): no receipt.json of train-student: give the folder of a finished training"
    }
}
