import Foundation
import Records

/// One term of a training by source of the mixture that it was trained on.
struct SourceCurves {
    let losses: LossCurves
    let points: Int

    /// Names of the sources; fewer than two where the data were no mixture.
    private var sources: [String] {
        Set(losses.steps.flatMap { ($0.sources ?? [:]).keys }).sorted()
    }

    /// Nil where the data were no mixture.
    func plot(id: String) -> Plot? {
        let sources = sources
        guard sources.count > 1, let term = losses.usedTerms.first else { return nil }
        let series = sources.map { Plot.Series($0, curve($0, term)) }
        let last = series.map { "\($0.name) \(Printed.number($0.points.last?.y, 3))" }.joined(separator: ", ")
        let later = series.flatMap { $0.points.dropFirst(1 + $0.points.count / 25) }.map(\.y)
        return Plot(
            id: id,
            alternative: "\(term.rawValue.uppercased()) of \(losses.name) by source; at the end \(last).",
            xLabel: "step", yLabel: "nats", yLimit: later.max().map { $0 * 1.15 }, series: series)
    }

    /// What the figure says.
    var caption: String {
        let term = losses.usedTerms.first.map { LossCurves.label($0) } ?? ""
        return "\(losses.name), by source. \(term)."
    }

    /// Means over as many neighbouring steps as the other curves', each step with the source's samples as
    /// its weight; steps without any of them are passed over.
    private func curve(_ source: String, _ term: LossTerms.Name) -> [(x: Double, y: Double)] {
        let steps = losses.steps
        let width = max(1, (steps.count + points - 1) / max(1, points))
        return stride(from: 0, to: steps.count, by: width).compactMap { start in
            let part = steps[start..<min(start + width, steps.count)].compactMap { step in
                step.sources?[source].map { (step: step.step, found: $0) }
            }
            let samples = Double(part.reduce(0) { $0 + $1.found.samples })
            guard samples > 0 else { return nil }
            func mean(_ value: (Int, SourceTerms) -> Double) -> Double {
                part.reduce(0) { $0 + Double($1.found.samples) * value($1.step, $1.found) } / samples
            }
            return (mean { step, _ in Double(step) }, mean { $1.terms[term] })
        }
    }
}
