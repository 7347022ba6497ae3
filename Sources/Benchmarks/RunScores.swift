import Files
import Foundation

/// What one training run came to: its scores, how each question went, and what it cost.
///
/// Read from the run's folder: `scores/scores.json` and `scores/items.jsonl` of score-benchmarks, and
/// `model/metrics.jsonl` and `model/receipt.json` of train-student.
public struct RunScores: Sendable {
    /// Column -> number: benchmarks' headlines by name; `average`; and the costs of `RunScores.costs`.
    public private(set) var values: [String: Double] = [:]
    /// Benchmark -> credit of each question.
    public private(set) var credits: [String: [Credit]] = [:]

    public struct Credit: Sendable, Equatable {
        public let question: String
        public let credit: Double

        public init(question: String, credit: Double) {
            (self.question, self.credit) = (question, credit)
        }
    }

    /// Columns of what a run cost: wall seconds of all steps and per step, the part of it the teacher took,
    /// rows a sample ran through the student (trunk and candidates), and resident memory at its peak.
    public static let costs = [
        "train_seconds", "seconds_per_step", "teacher_seconds", "student_rows_per_sample",
        "peak_resident_bytes",
    ]

    public init(values: [String: Double], credits: [String: [Credit]]) {
        (self.values, self.credits) = (values, credits)
    }

    /// - Throws: `BenchmarkError` where a file is missing or is not what its stage writes
    public init(folder: URL) throws {
        try readScores(folder.file("scores/scores.json"))
        try readItems(folder.file("scores/items.jsonl"))
        let model = folder.file("model")
        if model.file("metrics.jsonl").exists { try readCosts(model) }
    }

    private mutating func readScores(_ url: URL) throws {
        let document = try SourceFile(url).document()
        guard document["format"] == .string("align-ti scores 1"),
            case .array(let models)? = document["models"],
            models.count == 1, case .object(let benchmarks)? = models[0]["benchmarks"]
        else {
            throw BenchmarkError.malformed(
                file: url.path, line: 1,
                reason: "expected the scores of one model in the format 'align-ti scores 1'")
        }
        for (name, score) in benchmarks.members {
            if let headline = score["headline"]?.double { values[name] = headline }
        }
        if let average = models[0]["average"]?.double { values["average"] = average }
    }

    private mutating func readItems(_ url: URL) throws {
        for record in try SourceFile(url).records() {
            guard let credit = record.value("credit")?.double else {
                throw record.error("credit", found: "no number", expected: "a number from 0 to 1")
            }
            credits[try record.string("benchmark"), default: []].append(
                Credit(question: try record.string("question"), credit: credit))
        }
    }

    private mutating func readCosts(_ model: URL) throws {
        let records = try SourceFile(model.file("metrics.jsonl")).records()
        func sum(_ names: String...) -> Double {
            records.reduce(0) { sum, record in
                var value = record.value(names[0])
                for name in names.dropFirst() { value = value?[name] }
                return sum + (value?.double ?? 0)
            }
        }
        let parts = ["data", "generation", "teacher", "student", "backward", "optimizer"]
        let seconds = parts.reduce(0) { $0 + sum("seconds", $1) }
        values["train_seconds"] = seconds
        values["seconds_per_step"] = seconds / Double(max(1, records.count))
        values["teacher_seconds"] = sum("seconds", "teacher")
        if let samples = records.last?.value("samples")?.double, samples > 0 {
            values["student_rows_per_sample"] = (sum("tokens") + sum("candidate_rows")) / samples
        }
        let receipt = model.file("receipt.json")
        if receipt.exists, let peak = try SourceFile(receipt).document()["peakResidentBytes"]?.double {
            values["peak_resident_bytes"] = peak
        }
    }
}
