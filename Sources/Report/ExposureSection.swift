import Foundation
import Records

/// Curves of measure-exposure: how errors add up when a student goes on from its own words (appendix B.4).
struct ExposureSection {
    let run: RunFolder

    private static let plots: [(key: String, title: String, label: String)] = [
        ("excess_percent", "%ExAccErr: what the student’s own words add", "%ExAccErr"),
        ("e_test", "Accumulated error on the student’s own text (R, also E_test)", "nats"),
        ("e", "Accumulated error on the teacher’s text (E)", "nats"),
        ("e_train", "Accumulated error on the given text (E_train)", "nats"),
    ]

    func section(_ figure: (Plot, String) throws -> Figure) throws -> ReportSection {
        var section = ReportSection(
            id: "exposure", title: "Exposure bias",
            lead:
                "A student is trained on given text and then writes its own. %ExAccErr says by how much more "
                + "it has drifted from the teacher after so many of its own tokens than after as many of the "
                + "teacher’s; 0 would be no exposure bias, and lower is better.")
        section.sources = run.made(by: "measure-exposure")
        guard !section.sources.isEmpty else {
            section.blocks.append(.absent("Exposure bias was not measured (make exposure)."))
            return section
        }
        for result in section.sources {
            do {
                let measured = try ExposureFile(result.file(ExposureFile.file))
                guard measured.shownLength > 0 else {
                    section.blocks.append(
                        .absent("In \(result.name) no length is reached by a tenth of the samples."))
                    continue
                }
                section.blocks.append(.figures(try figures(measured, result, figure)))
                section.blocks.append(.table(table(measured, result)))
            } catch {
                guard !(error is ReportError) else { throw error }
                try refuseDiskFailure(error)
                section.blocks.append(.absent("\(result.name)/\(ExposureFile.file) cannot be read: \(error)"))
            }
        }
        return section
    }

    private func figures(
        _ measured: ExposureFile, _ result: RunResult, _ figure: (Plot, String) throws -> Figure
    ) throws -> [Figure] {
        try Self.plots.compactMap { key, title, label in
            let series = measured.students.map { student in
                let curve = student.curves.first { $0.name == key }?.curve
                let points = (0..<measured.shownLength).map { (x: Double($0 + 1), at: curve?[$0]) }
                return Plot.Series(
                    student.name, points.map { (x: $0.x, y: $0.at?.value ?? .nan) },
                    bands: points.map { ($0.at?.low ?? .nan, $0.at?.high ?? .nan) })
            }
            let last = series.map { "\($0.name) \(Printed.number($0.points.last?.y))" }
            let plot = Plot(
                id: "\(Anchor.words(result.name))-\(key)",
                alternative: "\(title) by length; at the end \(last.joined(separator: ", "))",
                xLabel: "tokens written", yLabel: label, series: series)
            return plot.isEmpty ? nil : try figure(plot, "\(title). \(result.name)")
        }
    }

    /// Numbers half way and at the end of the curves.
    private func table(_ measured: ExposureFile, _ result: RunResult) -> ReportTable {
        let first = measured.students.first?.name ?? ""
        func cell(_ curve: ExposureCurve?, _ index: Int, _ decimals: Int) -> String {
            guard let point = curve?[index], let value = point.value else { return "–" }
            let (low, high) = (Printed.number(point.low, decimals), Printed.number(point.high, decimals))
            return "\(Printed.number(value, decimals)) (\(low) to \(high))"
        }
        let length = measured.shownLength
        let shown = Set([length / 2, length].map { max(0, $0 - 1) }).sorted()
        func row(_ student: StudentExposure, _ index: Int) -> ReportTable.Row {
            var cells = [student.name, "\(index + 1)", "\(student.running.least(at: index))"]
            cells += [student.eTrain, student.eTest, student.e].map { cell($0, index, 2) }
            cells += [student.excessPercent, student.excessDifference].map { cell($0, index, 1) }
            return ReportTable.Row(cells)
        }
        let rows = measured.students.flatMap { student in shown.map { row(student, $0) } }
        let percent = Printed.number(100 * measured.confidence, 0)
        return ReportTable(
            id: "\(Anchor.words(result.name))-lengths", title: "\(result.name), two lengths of the curves.",
            caption:
                "\(Printed.count(measured.samples)) samples, \(percent) % bootstrap bands over them: another "
                + "seed of the training is not in the bands. l is the number of tokens, running the samples "
                + "that still have one; curves end where a tenth runs. The last column compares with "
                + "\(first) over the same samples: below 0 throughout means less exposure bias.",
            columns: [
                "student", "l", "running", "E_train", "R", "E", "%ExAccErr", "less that of \(first)",
            ],
            rows: rows)
    }
}
