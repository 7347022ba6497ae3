import Files
import Foundation

/// exposure.json of measure-exposure: what each student's errors add up to along answers of l tokens
/// (docs/formats.md).
struct MeasuredCurves {
    /// A curve over l = 1, 2, ... with its band; not a number where it is undefined.
    struct Curve {
        let value, low, high: [Double]

        /// The band of a point, empty where there is none.
        func band(_ index: Int) -> (low: Double, high: Double) {
            (
                low.indices.contains(index) ? low[index] : .nan,
                high.indices.contains(index) ? high[index] : .nan
            )
        }
    }

    struct Student {
        let name: String
        /// By the file's names: `e_train`, `e_test` (R), `e`, `gap`, `excess_percent`, `excess_difference`.
        let curves: [String: Curve]
        /// Samples that still have a token l in every kind of response.
        let running: [Int]
    }

    let students: [Student]
    let samples: Int
    /// Of the bands: 0.95.
    let confidence: Double

    /// - Throws: `FilesError.corrupt` for what measure-exposure does not write, `JSONFailure`
    init(_ file: URL) throws {
        let document = try JSONValue(parsing: [UInt8](try Data(contentsOf: file)))
        func bad(_ problem: String) -> FilesError {
            FilesError.corrupt(path: file.path, offset: nil, problem: problem)
        }
        guard document["format"] == "align-ti exposure 1", case .array(let students)? = document["students"],
            case .int(let samples)? = document["samples"], let confidence = document["confidence"]?.double
        else { throw bad("expected 'format': 'align-ti exposure 1' with samples, confidence and students") }
        (self.samples, self.confidence) = (samples, confidence)
        func numbers(_ value: JSONValue?) -> [Double]? {
            guard case .array(let elements)? = value else { return nil }
            return elements.map { $0.double ?? .nan }
        }
        self.students = try students.map { student in
            guard case .string(let name)? = student["name"], case .object(let members) = student else {
                throw bad("a student has no name")
            }
            var curves: [String: Curve] = [:]
            for (key, value) in members.members where key != "name" && key != "running" {
                guard let mean = numbers(value["value"]), let low = numbers(value["low"]),
                    let high = numbers(value["high"])
                else { throw bad("\(key) of \(name) is not {value, low, high}") }
                curves[key] = Curve(value: mean, low: low, high: high)
            }
            let kinds = try ["ground_truth", "student", "teacher"].map { kind in
                guard let counts = numbers(student["running"]?[kind]) else {
                    throw bad("\(name) has no running.\(kind)")
                }
                return counts
            }
            let length = kinds.map(\.count).min() ?? 0
            let running = (0..<length).map { index in
                Int(exactly: kinds.map { $0[index] }.min() ?? 0) ?? 0
            }
            return Student(name: name, curves: curves, running: running)
        }
    }

    /// How many lengths are worth showing: up to the last l at which a tenth of all samples still runs for
    /// every student.
    var length: Int {
        let length = students.map(\.running.count).min() ?? 0
        return (0..<length).last { index in students.allSatisfy { 10 * $0.running[index] > samples } }
            .map { $0 + 1 } ?? 0
    }
}
