import Files
import Foundation
import Records

/// Exposure bias of several students side by side, as CSV and as text for people.
public struct ExposureTable {
    private let measured: ExposureFile

    public init(_ measured: ExposureFile) { self.measured = measured }

    /// One row a student and l; empty fields are undefined.
    public var csv: String {
        guard let first = measured.students.first else { return "" }
        let header =
            ["student", "l"] + first.running.kinds.map { "running_\($0.name)" }
            + first.curves.flatMap { [$0.name, "\($0.name)_low", "\($0.name)_high"] }
        let rows = measured.students.flatMap { student in
            (0..<measured.length).map { index -> [String] in
                let numbers = student.curves.flatMap { _, curve -> [Double?] in
                    guard let point = curve?[index] else { return [nil, nil, nil] }
                    return [point.value, point.low, point.high]
                }
                let running = student.running.kinds.map { "\($0.counts.dropFirst(index).first ?? 0)" }
                return [student.name, "\(index + 1)"] + running
                    + numbers.map { $0.map { String(format: "%.7g", $0) } ?? "" }
            }
        }
        return CSV.text([header] + rows)
    }

    /// A caption, then some of the lengths, columns aligned; `-` is undefined.
    public var text: String {
        let reference = measured.students.count > 1 ? ["less that of \(measured.students[0].name)"] : []
        var cells = [
            ["student", "l", "running", "E_train", "R = E_test", "E", "gap", "%ExAccErr"] + reference
        ]
        func cell(_ curve: ExposureCurve?, _ index: Int, _ places: Int) -> String {
            guard let point = curve?[index], let value = point.value else { return "-" }
            guard let low = point.low, let high = point.high else {
                return String(format: "%.\(places)f", value)
            }
            return String(format: "%.\(places)f [%.\(places)f, %.\(places)f]", value, low, high)
        }
        for student in measured.students {
            for index in marks {
                let errors = [student.eTrain, student.eTest, student.e, student.gap]
                let shares = [student.excessPercent] + reference.map { _ in student.excessDifference }
                cells.append(
                    [student.name, "\(index + 1)", "\(student.running.least(at: index))"]
                        + errors.map { cell($0, index, 2) } + shares.map { cell($0, index, 1) })
            }
        }
        let percent = String(format: "%g", 100 * measured.confidence)
        return
            "\(measured.samples) samples; nats added up to token l, [\(percent) % bootstrap band over "
            + "samples]; "
            + "running: samples that have a token l\n" + TextTable.aligned(cells)
    }

    /// A quarter, half and three quarters of the way to the last length worth showing, and that length.
    private var marks: [Int] {
        let last = measured.shownLength
        return last == 0 ? [] : Set((1...4).map { max(0, last * $0 / 4 - 1) }).sorted()
    }
}
