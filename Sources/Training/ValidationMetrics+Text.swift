import Foundation
import Records

extension ValidationMetrics {
    /// A look at the held-back samples, as lines for people: all of them, and each source of a mixture.
    public func lines(after steps: Int) -> [String] {
        var parts = ["held back, after \(steps) steps: loss \(number(loss))"]
        parts += Self.parts(terms, accuracy, agreement, teacher)
        let own = (sources ?? [:]).sorted { $0.key < $1.key }.map { name, source in
            let found = Self.parts(source.terms, source.accuracy, source.agreement, source.teacher)
            return "  \(name): \(found.joined(separator: ", "))"
        }
        return [parts.joined(separator: ", ")] + own
    }

    private static func parts(
        _ terms: LossTerms, _ accuracy: Double, _ agreement: Double?, _ teacher: Quality?
    ) -> [String] {
        var parts = LossTerms.Name.allCases.filter { terms[$0] != 0 }.map {
            "\($0.rawValue) \(number(terms[$0]))"
        }
        parts.append("right \(percent(accuracy))")
        if let agreement { parts.append("as the teacher \(percent(agreement))") }
        if let teacher {
            parts.append("teacher sft \(number(teacher.crossEntropy)), right \(percent(teacher.accuracy))")
        }
        return parts
    }
}

private func number(_ value: Double) -> String { String(format: "%.3f", value) }
private func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
