import Files
import Foundation

/// samples.jsonl: the records of a measurement as it goes, one line a sample, so that an interrupted one goes
/// on.
///
///     {"sample": 3, "id": "heldout-3", "divergences": {"sft": {"ground_truth": [0.5, ...], "student": [...],
///     "teacher": [...]}, ...}}
public final class ExposureRecords {
    public static let file = "samples.jsonl"
    private let students: [String]
    private let writer: ResumableLines

    /// Reads what an earlier attempt has left, as far as it is what was written, and opens the file for more.
    ///
    /// - Parameters:
    ///   - students: their names, in the measurement's order
    ///   - measurement: says which records are whole chunks; the others go
    ///   - identity: of the run
    /// - Throws: `FilesError.corrupt` for a line that is no record of these students
    public static func open(
        _ url: URL, students: [String], measurement: ExposureMeasurement, of identity: String = ""
    ) throws -> (file: ExposureRecords, known: [ExposureRecord]) {
        let lines = try ResumableLines(url, of: identity)
        let known = try read(url, students: students)
        let fitting = zip(known, 0..<measurement.count).prefix { $0.number == measurement.number(of: $1) }
        try lines.cut(to: measurement.resumable(fitting.count))
        return (ExposureRecords(students, lines), Array(known.prefix(lines.kept)))
    }

    /// Whether what an earlier attempt has left was damaged, and only the lines before that count.
    public var isDamaged: Bool { writer.isDamaged }

    private init(_ students: [String], _ writer: ResumableLines) {
        (self.students, self.writer) = (students, writer)
    }

    public func append(_ records: [ExposureRecord]) throws {
        for record in records { try writer.append(Self.line(record, students)) }
        try writer.synchronize()
    }

    public func close() throws { try writer.close() }

    static func line(_ record: ExposureRecord, _ students: [String]) -> String {
        var divergences = JSONObject()
        for (name, kinds) in zip(students, record.divergences) {
            var object = JSONObject()
            for source in ResponseSource.allCases {
                // The shortest text that gives the same float again.
                let values = (kinds[source] ?? []).map { JSONValue.number(Double("\($0)") ?? Double($0)) }
                object.append(source.rawValue, .array(values))
            }
            divergences.append(name, .object(object))
        }
        let line: JSONObject = [
            "sample": .int(record.number), "id": .string(record.id), "divergences": .object(divergences),
        ]
        return JSONValue.object(line).text(.line)
    }

    /// Whole lines alone; an unfinished last one is left out.
    static func read(_ url: URL, students: [String]) throws -> [ExposureRecord] {
        struct Line: Decodable {
            let sample: Int
            let id: String
            let divergences: [String: [String: [Float]]]
        }
        var records: [ExposureRecord] = []
        try JSONLines.forEach(of: url) { line in
            guard line.isComplete else { return }
            guard let found = try? JSONDecoder().decode(Line.self, from: Data(line.bytes)),
                Set(found.divergences.keys) == Set(students)
            else {
                throw FilesError.corrupt(
                    path: url.path, offset: line.offset,
                    problem: "line \(line.number) is no record of these students; delete the file")
            }
            records.append(
                ExposureRecord(
                    number: found.sample, id: found.id,
                    divergences: students.map { student in
                        Dictionary(
                            uniqueKeysWithValues: ResponseSource.allCases.map {
                                ($0, found.divergences[student]?[$0.rawValue] ?? [])
                            })
                    }))
        }
        return records
    }
}
