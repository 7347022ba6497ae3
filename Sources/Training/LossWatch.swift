/// Notices losses far above those of the steps before: a diverging run, or samples unlike all others.
package struct LossWatch {
    /// Steps that a loss is compared with, and how many there must be.
    package static let window = 50, least = 10
    private var recent: [Double] = []

    /// - Parameter losses: of the steps so far
    package init(_ losses: [Double]) { recent = losses.suffix(Self.window) }

    /// The mean of the last losses where this one is far above it: more than twice as high, and more than six
    /// of their deviations away.
    package mutating func mean(exceededBy loss: Double) -> Double? {
        defer { recent = (recent + [loss]).suffix(Self.window) }
        guard recent.count >= Self.least else { return nil }
        let mean = recent.reduce(0, +) / Double(recent.count)
        let variance = recent.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(recent.count)
        return loss > 2 * mean && loss > mean + 6 * variance.squareRoot() ? mean : nil
    }
}
