import Files
import Foundation

/// The curves of measure-exposure: how errors add up when a student goes on from its own words (appendix B.4).
struct ExposureSection {
    let run: RunFolder
    static let path = "exposure/exposure.json"

    /// A student's curves over the length of the answer, and the half-width of their confidence bands where there is one.
    struct Student {
        let name: String
        let curves: [String: [Double]]
        let errors: [String: [Double]]
    }

    func section(_ figure: (Plot, String) throws -> Figure) throws -> ReportSection {
        var section = ReportSection(
            id: "exposure", title: "Exposure bias",
            lead:
                "A student is trained on given text and then writes its own. %ExAccErr says by how much more it has drifted from the teacher "
                + "after so many of its own tokens than after as many of the teacher’s; 0 would be no exposure bias."
        )
        let file = run.url.appendingPathComponent(Self.path)
        guard FileManager.default.fileExists(atPath: file.path) else {
            section.blocks.append(.absent("Exposure bias was not measured (measure-exposure)."))
            return section
        }
        let students: [Student]
        do { students = try Self.read(file) } catch {
            section.blocks.append(.absent("exposure.json cannot be read: \(error)"))
            return section
        }
        section.sources = run.results.filter { $0.name == "exposure" }
        let plots: [(curve: String, title: String, label: String)] = [
            ("ExAccErr", "%ExAccErr", "%ExAccErr"),
            ("R", "Accumulated error on the student’s own text (R, also E_test)", "nats"),
            ("E", "Accumulated error on the teacher’s text (E)", "nats"),
            ("E_train", "Accumulated error on the given text (E_train)", "nats"),
        ]
        var figures: [Figure] = []
        for (curve, title, label) in plots {
            let series = students.compactMap { student -> Plot.Series? in
                guard let values = student.curves[curve], values.contains(where: \.isFinite) else {
                    return nil
                }
                return Plot.Series(
                    student.name, values.enumerated().map { (x: Double($0 + 1), y: $1) },
                    errors: student.errors[curve] ?? [])
            }
            let last = series.map { "\($0.name) \(Printed.number($0.points.last?.y))" }
            let plot = Plot(
                id: "exposure-\(curve)",
                alternative: "\(title) by length; at the end \(last.joined(separator: ", "))",
                xLabel: "tokens written", yLabel: label, series: series)
            guard !plot.isEmpty else {
                section.blocks.append(.absent("exposure.json holds no curve ‘\(curve)’."))
                continue
            }
            figures.append(try figure(plot, "\(title), by tokens written."))
        }
        if !figures.isEmpty { section.blocks.insert(.figures(figures), at: 0) }
        return section
    }

    /// Reads what is there: numbers that are not (null, "nan") are gaps, unknown members are passed over.
    ///
    /// - Throws: `FilesError`, `JSONFailure`
    static func read(_ file: URL) throws -> [Student] {
        let document = try JSONValue(parsing: [UInt8](try Data(contentsOf: file)))
        guard case .array(let students)? = document["students"] else {
            throw FilesError.corrupt(path: file.path, offset: nil, problem: "it has no list 'students'")
        }
        return students.enumerated().map { index, student in
            var (curves, errors): ([String: [Double]], [String: [Double]]) = ([:], [:])
            if case .object(let members)? = student["curves"] {
                for (name, value) in members.members {
                    let (values, errs) = numbers(value)
                    if let values { curves[name] = values }
                    if let errs { errors[name] = errs }
                }
                for name in curves.keys {
                    let beside = ["_error", "_se", "_standard_error", "_half_width"].lazy.compactMap {
                        curves[name + $0]
                    }.first
                    if let beside { errors[name] = beside }
                }
            }
            let name = if case .string(let text)? = student["name"] { text } else { "student \(index + 1)" }
            return Student(name: name, curves: curves, errors: errors)
        }
    }

    /// A list of numbers, or an object with `mean` and `low`/`high`, `error` or `standard_error`.
    private static func numbers(_ value: JSONValue) -> (values: [Double]?, errors: [Double]?) {
        func list(_ value: JSONValue?) -> [Double]? {
            guard case .array(let elements)? = value else { return nil }
            return elements.map { $0.double ?? .nan }
        }
        if let values = list(value) { return (values, nil) }
        let mean = list(value["mean"]) ?? list(value["value"])
        if let low = list(value["low"]), let high = list(value["high"]), low.count == high.count {
            return (mean ?? zip(low, high).map { ($0 + $1) / 2 }, zip(low, high).map { ($1 - $0) / 2 })
        }
        return (mean, list(value["error"]) ?? list(value["standard_error"]))
    }
}
