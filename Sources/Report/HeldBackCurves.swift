import Files
import Foundation
import Records

/// How a training run does on samples that it is not trained on, from its validation.jsonl.
struct HeldBackCurves {
    private let name: String
    private let looks: [ValidationFile.Look]

    /// - Returns: nil where the run has not looked
    /// - Throws: `RecordError` for a line that is no look
    init?(name: String, file: URL) throws {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        (self.name, looks) = (name, try ValidationFile.read(file))
        guard !looks.isEmpty else { return nil }
    }

    /// What a reader should know of the curves, as a sentence.
    var caption: String {
        guard let last = looks.last, let best = looks.best else { return "" }
        return "\(name), \(last.found.samples) held-back samples"
            + (best.steps == last.steps
                ? "; the loss is lowest at the end."
                : "; the loss is lowest after \(Printed.count(best.steps)) steps.")
    }

    /// The terms, and the teacher's own cross-entropy beside the student's.
    func losses(id: String) -> Plot {
        var series = LossTerms.Name.allCases.filter { term in looks.contains { $0.found.terms[term] != 0 } }
            .map { term in Plot.Series(LossCurves.label(term), points { $0.terms[term] }) }
        if looks.contains(where: { $0.found.teacher != nil }) {
            series.append(Plot.Series("the teacher on the right answer", points { $0.teacher?.crossEntropy }))
        }
        return plot(id, "Held-back losses of \(name)", "nats", series)
    }

    /// Tokens that student and teacher find most probable.
    func tokens(id: String) -> Plot {
        var series = [Plot.Series("student is right", points { 100 * $0.accuracy })]
        if looks.contains(where: { $0.found.teacher != nil }) {
            series.append(Plot.Series("teacher is right", points { $0.teacher.map { 100 * $0.accuracy } }))
            series.append(Plot.Series("student as the teacher", points { $0.agreement.map { 100 * $0 } }))
        }
        return plot(id, "Held-back tokens of \(name)", "% of tokens", series)
    }

    /// The student's right tokens, and the teacher's, by source of a mixture; nil of one source.
    func sources(id: String) -> Plot? {
        let names = Set(looks.flatMap { ($0.found.sources ?? [:]).keys }).sorted()
        guard names.count > 1 else { return nil }
        let hasTeacher = looks.contains { $0.found.teacher != nil }
        let series = names.flatMap { name in
            [Plot.Series("student, \(name)", points { $0.sources?[name].map { 100 * $0.accuracy } })]
                + (hasTeacher
                    ? [
                        Plot.Series(
                            "teacher, \(name)",
                            points { $0.sources?[name]?.teacher.map { 100 * $0.accuracy } })
                    ] : [])
        }
        return plot(id, "Held-back tokens of \(name) that are right, by source", "% of tokens", series)
    }

    private func points(_ value: (ValidationMetrics) -> Double?) -> [(x: Double, y: Double)] {
        looks.compactMap { look in value(look.found).map { (Double(look.steps), $0) } }
    }

    private func plot(_ id: String, _ title: String, _ unit: String, _ series: [Plot.Series]) -> Plot {
        let last = series.map { "\($0.name) \(Printed.number($0.points.last?.y, 3))" }.joined(separator: ", ")
        return Plot(
            id: id, alternative: "\(title) by step; at the end \(last).", xLabel: "step", yLabel: unit,
            series: series)
    }
}
