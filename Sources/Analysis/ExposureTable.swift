import Files
import Foundation

/// Exposure bias of several students side by side: as JSON, as CSV, and as text for people.
public struct ExposureTable: Sendable {
    public let students: [(name: String, curves: ExposureCurves)]
    public let length: Int

    /// - Parameters:
    ///   - records: of all samples, the students in the order of `names`
    ///   - names: the first is the one the others' %ExAccErr is compared with
    public init(
        _ records: [ExposureRecord], names: [String], length: Int, confidence: Double, resamples: Int,
        seed: UInt64
    ) {
        self.length = length
        let biases = names.indices.map { student in
            ExposureBias(records.map { $0.divergences[student] }, length: length)
        }
        students = zip(names, biases).enumerated().map { index, student in
            let curves = ExposureCurves(
                student.1, confidence: confidence, resamples: resamples, seed: seed,
                reference: index == 0 ? nil : biases[0])
            return (student.0, curves)
        }
    }

    /// The curves and how files call them.
    private static func named(_ curves: ExposureCurves) -> [(name: String, curve: ExposureCurve?)] {
        [
            ("e_train", curves.eTrain), ("e_test", curves.eTest), ("e", curves.e), ("gap", curves.gap),
            ("excess_percent", curves.excess), ("excess_difference", curves.excessDifference),
        ]
    }

    /// The value of `students` in exposure.json.
    public var json: JSONValue {
        .array(
            students.map { name, curves in
                var running = JSONObject()
                for source in ResponseSource.allCases {
                    running.append(source.rawValue, .array((curves.running[source] ?? []).map { .int($0) }))
                }
                var members: JSONObject = ["name": .string(name), "running": .object(running)]
                for case (let key, let curve?) in Self.named(curves) {
                    members.append(key, curve.json)
                }
                return .object(members)
            })
    }

    /// One row a student and l; empty fields are undefined.
    public var csv: String {
        let header =
            ["student", "l"] + ResponseSource.allCases.map { "running_\($0.rawValue)" }
            + (students.first.map { Self.named($0.curves) } ?? []).flatMap {
                [$0.name, "\($0.name)_low", "\($0.name)_high"]
            }
        let rows = students.flatMap { name, curves in
            (0..<length).map { step -> [String] in
                let running = ResponseSource.allCases.map { "\(curves.running[$0]?[step] ?? 0)" }
                let numbers = Self.named(curves).flatMap { _, curve -> [Double?] in
                    [curve?.value[step], curve?.low[step], curve?.high[step]].map { $0 ?? nil }
                }
                return [name, "\(step + 1)"] + running
                    + numbers.map { $0.map { String(format: "%.7g", $0) } ?? "" }
            }
        }
        return CSV.text([header] + rows)
    }

    /// Some of the lengths, columns aligned; `-` is undefined.
    public var text: String {
        let reference = students.count > 1 ? ["less that of \(students[0].name)"] : []
        var cells = [
            ["student", "l", "running", "E_train", "R = E_test", "E", "gap", "%ExAccErr"] + reference
        ]
        for (name, curves) in students {
            for step in marks {
                func cell(_ curve: ExposureCurve?, _ places: Int) -> String {
                    guard let curve, let value = curve.value[step] else { return "-" }
                    guard let low = curve.low[step], let high = curve.high[step] else {
                        return String(format: "%.\(places)f", value)
                    }
                    return String(format: "%.\(places)f [%.\(places)f, %.\(places)f]", value, low, high)
                }
                let row = [
                    name, "\(step + 1)", "\(running(curves, step))", cell(curves.eTrain, 2),
                    cell(curves.eTest, 2), cell(curves.e, 2), cell(curves.gap, 2), cell(curves.excess, 1),
                ]
                cells.append(row + reference.map { _ in cell(curves.excessDifference, 1) })
            }
        }
        return TextTable.aligned(cells)
    }

    /// Samples that run at a step in every kind of response.
    private func running(_ curves: ExposureCurves, _ step: Int) -> Int {
        ResponseSource.allCases.map { curves.running[$0]?[step] ?? 0 }.min() ?? 0
    }

    /// A quarter, half and three quarters of the way to the last step at which a tenth of all samples still
    /// run for every student, and that step.
    private var marks: [Int] {
        let last = (0..<length).last { step in
            students.allSatisfy { running($0.curves, step) > running($0.curves, 0) / 10 }
        }
        guard let last else { return [] }
        return Set((1...4).map { max(0, (last + 1) * $0 / 4 - 1) }).sorted()
    }
}

extension ExposureCurve {
    var json: JSONValue {
        func numbers(_ values: [Double?]) -> JSONValue {
            // Seven digits: the divergences are float32.
            .array(values.map { $0.map { .number(Double(String(format: "%.7g", $0)) ?? $0) } ?? .null })
        }
        return ["value": numbers(value), "low": numbers(low), "high": numbers(high)]
    }
}
