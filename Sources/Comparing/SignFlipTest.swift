import Foundation

/// Paired test of the mean of several benchmarks' mean differences: if two models are equally good, the
/// difference on a question might as well have the other sign.
///
/// Each benchmark weighs the same, as it does in the average, whatever the number of its questions. The
/// statistic's distribution over all flips of signs is taken to be normal.
struct SignFlipTest {
    /// Mean over benchmarks of the mean difference of credits, over its standard deviation under flips; 0
    /// where nothing differs.
    let z: Double
    /// Two-sided probability.
    let p: Double

    /// - Parameter differences: of the questions, by benchmark; no benchmark without questions
    init(_ differences: [[Double]]) {
        let benchmarks = Double(differences.count)
        let shares = differences.map { (sum: $0.reduce(0, +), weight: 1 / (benchmarks * Double($0.count))) }
        let difference = shares.reduce(0) { $0 + $1.sum * $1.weight }
        let variance = zip(differences, shares).reduce(0.0) { total, benchmark in
            let (values, share) = benchmark
            return total + share.weight * share.weight * values.reduce(0) { $0 + $1 * $1 }
        }
        z = variance > 0 ? difference / variance.squareRoot() : 0
        p = erfc(abs(z) / 2.0.squareRoot())
    }
}
