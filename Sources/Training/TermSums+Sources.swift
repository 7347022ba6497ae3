import Distillation
import Records

extension [String] {
    /// Sums of some passes, each by the number of a source, as terms by the names that these are; nil where
    /// there is one source only, and without those that have no samples.
    func bySource(_ passes: [[TermSums]]) -> [String: SourceTerms]? {
        guard count > 1 else { return nil }
        var found: [String: SourceTerms] = [:]
        for (number, name) in enumerated() {
            let sums = passes.reduce(TermSums()) { $1.indices.contains(number) ? $0 + $1[number] : $0 }
            guard sums.samples > 0 else { continue }
            found[name] = SourceTerms(samples: sums.samples, terms: sums.means)
        }
        return found
    }
}
