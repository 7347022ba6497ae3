/// Median, least and most of some runs.
public struct Spread: Equatable, Sendable {
    public let median, least, most: Double
    public let runs: Int

    /// - Precondition: at least one run
    public init(_ runs: [Double]) {
        precondition(!runs.isEmpty, "Spread: no runs")
        let sorted = runs.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        (least, most, self.runs) = (sorted[0], sorted[sorted.count - 1], sorted.count)
    }
}
