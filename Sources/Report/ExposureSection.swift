import Foundation

/// How errors add up when a student goes on from its own words (appendix B.4): the curves of
/// measure-exposure.
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
                "A student is trained on given text and then writes its own. %ExAccErr says by how much more it has drifted from the teacher "
                + "after so many of its own tokens than after as many of the teacher’s; 0 would be no exposure bias, and lower is better."
        )
        section.sources = run.made(by: "measure-exposure")
        guard !section.sources.isEmpty else {
            section.blocks.append(.absent("Exposure bias was not measured (make exposure)."))
            return section
        }
        for result in section.sources {
            do {
                let measured = try MeasuredCurves(result.file("exposure.json"))
                guard measured.length > 0 else {
                    section.blocks.append(
                        .absent("In \(result.name) no length is reached by a tenth of the samples."))
                    continue
                }
                section.blocks.append(.figures(try figures(measured, result, figure)))
                section.blocks.append(.table(table(measured, result)))
            } catch {
                guard !(error is ReportError) else { throw error }
                section.blocks.append(.absent("\(result.name)/exposure.json cannot be read: \(error)"))
            }
        }
        return section
    }

    private func figures(
        _ measured: MeasuredCurves, _ result: RunResult, _ figure: (Plot, String) throws -> Figure
    ) throws -> [Figure] {
        try Self.plots.compactMap { key, title, label in
            let series = measured.students.compactMap { student -> Plot.Series? in
                guard let curve = student.curves[key] else { return nil }
                let shown = 0..<min(measured.length, curve.value.count)
                return Plot.Series(
                    student.name, shown.map { (x: Double($0 + 1), y: curve.value[$0]) },
                    bands: shown.map { curve.band($0) })
            }
            let last = series.map { "\($0.name) \(Printed.number($0.points.last?.y))" }
            let plot = Plot(
                id: "\(Anchor.words(result.name))-\(key)",
                alternative: "\(title) by length; at the end \(last.joined(separator: ", "))",
                xLabel: "tokens written", yLabel: label, series: series)
            return plot.isEmpty ? nil : try figure(plot, "\(title). \(result.name)")
        }
    }

    /// Half way and at the end of the curves.
    private func table(_ measured: MeasuredCurves, _ result: RunResult) -> ReportTable {
        let first = measured.students.first?.name ?? ""
        func cell(_ curve: MeasuredCurves.Curve?, _ index: Int, _ decimals: Int) -> String {
            guard let curve, curve.value.indices.contains(index), curve.value[index].isFinite else {
                return "–"
            }
            let band = curve.band(index)
            let (low, high) = (Printed.number(band.low, decimals), Printed.number(band.high, decimals))
            return "\(Printed.number(curve.value[index], decimals)) (\(low) to \(high))"
        }
        let shown = Set([measured.length / 2, measured.length].map { max(0, $0 - 1) }).sorted()
        func row(_ student: MeasuredCurves.Student, _ index: Int) -> ReportTable.Row {
            var cells = [student.name, "\(index + 1)", "\(student.running[index])"]
            cells += ["e_train", "e_test", "e"].map { cell(student.curves[$0], index, 2) }
            cells += ["excess_percent", "excess_difference"].map { cell(student.curves[$0], index, 1) }
            return ReportTable.Row(cells)
        }
        let rows = measured.students.flatMap { student in shown.map { row(student, $0) } }
        let percent = Printed.number(100 * measured.confidence, 0)
        return ReportTable(
            id: "\(Anchor.words(result.name))-lengths", title: "\(result.name), two lengths of the curves.",
            caption:
                "\(Printed.count(measured.samples)) samples, \(percent) % bootstrap bands over them: another seed of the training is not in "
                + "the bands. l is the number of tokens, running the samples that still have one; curves end where a tenth runs. The last "
                + "column compares with \(first) over the same samples: below 0 throughout means less exposure bias.",
            columns: [
                "student", "l", "running", "E_train", "R", "E", "%ExAccErr", "less that of \(first)",
            ],
            rows: rows)
    }
}
