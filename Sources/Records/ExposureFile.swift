import Files
import Foundation

/// exposure.json of measure-exposure: what each student's errors add up to along responses of l tokens.
public struct ExposureFile: Decodable, Sendable {
    public static let file = "exposure.json"
    private static let format = "align-ti exposure 1"
    /// Paths of what was measured.
    public let teacher, shards: String
    /// Samples that were walked, and those that were left out.
    public let samples, leftOut: Int
    /// The largest l.
    public let length: Int
    /// Share of the resamples within a band, such as 0.95, and their number.
    public let confidence: Double, resamples: Int
    public let students: [StudentExposure]

    public init(
        teacher: String, shards: String, samples: Int, leftOut: Int, length: Int, confidence: Double,
        resamples: Int, students: [StudentExposure]
    ) {
        (self.teacher, self.shards, self.samples, self.leftOut) = (teacher, shards, samples, leftOut)
        (self.length, self.confidence, self.resamples) = (length, confidence, resamples)
        self.students = students
    }

    /// - Throws: `RecordError`, `FilesError` where the file cannot be read
    public init(_ url: URL) throws {
        self = try RecordFormat.document(Self.self, url, format: Self.format)
        let counts = students.flatMap { student in student.running.kinds.flatMap(\.counts) }
        let fields: [(name: String, values: [Int], range: ClosedRange<Int>)] = [
            ("length", [length], 0...(1 << 20)), ("samples", [samples], 0...(1 << 40)),
            ("left_out", [leftOut], 0...(1 << 40)), ("resamples", [resamples], 0...(1 << 40)),
            ("running", counts, 0...(1 << 40)),
        ]
        for (name, values, range) in fields {
            guard let bad = values.first(where: { !range.contains($0) }) else { continue }
            throw RecordError.field(
                file: url.path, line: nil, field: name,
                problem: "has \(bad), expected counts from 0 to \(range.upperBound)")
        }
    }

    /// The document as text; the curves with seven digits, since divergences are float32.
    public var text: String {
        let document: JSONValue = [
            "format": .string(Self.format), "teacher": .string(teacher), "shards": .string(shards),
            "samples": .int(samples), "left_out": .int(leftOut), "length": .int(length),
            "confidence": .number(confidence), "resamples": .int(resamples),
            "students": .array(students.map { .object($0.json) }),
        ]
        return document.text(.line) + "\n"
    }

    /// How many lengths are worth showing: up to the last l at which a tenth of all samples still run for
    /// every student, in every kind of response.
    public var shownLength: Int {
        (0..<length).last { index in
            students.allSatisfy { 10 * $0.running.least(at: index) >= samples }
        }.map { $0 + 1 } ?? 0
    }
}

/// One student's curves (appendix B.4).
public struct StudentExposure: Decodable, Equatable, Sendable {
    public let name: String
    public let running: RunningSamples
    /// Eq. 9, 10 (R of Eq. 12 is the same), 13; their gap E_test - E_train; and Eq. 11.
    public let eTrain, eTest, e, gap, excessPercent: ExposureCurve
    /// %ExAccErr less that of the first student; nil for the first.
    public let excessDifference: ExposureCurve?

    public init(
        name: String, running: RunningSamples, eTrain: ExposureCurve, eTest: ExposureCurve, e: ExposureCurve,
        gap: ExposureCurve, excessPercent: ExposureCurve, excessDifference: ExposureCurve?
    ) {
        (self.name, self.running, self.eTrain, self.eTest) = (name, running, eTrain, eTest)
        (self.e, self.gap, self.excessPercent) = (e, gap, excessPercent)
        self.excessDifference = excessDifference
    }

    /// The curves as files call them.
    public var curves: [(name: String, curve: ExposureCurve?)] {
        [
            ("e_train", eTrain), ("e_test", eTest), ("e", e), ("gap", gap),
            ("excess_percent", excessPercent), ("excess_difference", excessDifference),
        ]
    }

    fileprivate var json: JSONObject {
        let kinds = running.kinds.map { (name: $0.name, value: JSONValue.array($0.counts.map { .int($0) })) }
        var members: JSONObject = ["name": .string(name), "running": .object(JSONObject(kinds))]
        for case (let key, let curve?) in curves { members.append(key, curve.json) }
        return members
    }
}

/// How many samples have at least l tokens, for l = 1, 2, ..., by kind of response.
public struct RunningSamples: Decodable, Equatable, Sendable {
    public let groundTruth, student, teacher: [Int]

    public init(groundTruth: [Int], student: [Int], teacher: [Int]) {
        (self.groundTruth, self.student, self.teacher) = (groundTruth, student, teacher)
    }

    /// The kinds as files call them.
    public var kinds: [(name: String, counts: [Int])] {
        [("ground_truth", groundTruth), ("student", student), ("teacher", teacher)]
    }

    /// Samples that run in every kind of response at l = `index` + 1; 0 beyond the curves.
    public func least(at index: Int) -> Int {
        kinds.map { $0.counts.indices.contains(index) ? $0.counts[index] : 0 }.min() ?? 0
    }
}

/// A curve over l = 1, 2, ... with a band; nil where it is undefined.
public struct ExposureCurve: Decodable, Equatable, Sendable {
    public let value, low, high: [Double?]

    public init(value: [Double?], low: [Double?], high: [Double?]) {
        (self.value, self.low, self.high) = (value, low, high)
    }

    /// A point and the ends of its band at l = `index` + 1.
    public subscript(index: Int) -> (value: Double?, low: Double?, high: Double?) {
        func at(_ values: [Double?]) -> Double? { values.indices.contains(index) ? values[index] : nil }
        return (at(value), at(low), at(high))
    }

    fileprivate var json: JSONValue {
        func numbers(_ values: [Double?]) -> JSONValue {
            .array(values.map { $0.map { .number(Double(String(format: "%.7g", $0)) ?? $0) } ?? .null })
        }
        return ["value": numbers(value), "low": numbers(low), "high": numbers(high)]
    }
}
