import Foundation

/// Paired t test of whether the mean of some differences is zero, if they are normal.
public struct PairedTTest: Sendable, Equatable {
    public let mean: Double
    public let standardError: Double
    /// Mean over standard error; infinite where all differences are equal, but for rounding, and not zero.
    public let t: Double
    public let degreesOfFreedom: Int
    /// Two-sided probability.
    public let p: Double

    /// Fails with fewer than two differences.
    public init?(_ differences: [Double]) {
        guard differences.count > 1 else { return nil }
        let summary = MeanAndError(differences)
        (mean, standardError) = (summary.mean, summary.standardError ?? 0)
        degreesOfFreedom = differences.count - 1
        t = mean == 0 ? 0 : standardError <= 1e-9 * abs(mean) ? mean * .infinity : mean / standardError
        p = studentTwoSided(t: t, degreesOfFreedom: Double(degreesOfFreedom))
    }
}

/// Mean of some numbers and its standard error, sqrt(sample variance / n); nil for one number.
public struct MeanAndError: Sendable, Equatable {
    public let mean: Double
    public let standardError: Double?

    /// - Parameter values: at least one
    public init(_ values: [Double]) {
        let n = Double(values.count)
        let mean = values.reduce(0, +) / n
        self.mean = mean
        standardError =
            values.count > 1
            ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1) / n).squareRoot() : nil
    }
}

/// P(|T| >= |t|) of Student's t distribution: the regularised incomplete beta function I_x(df / 2, 1 / 2) at
/// x = df / (df + t²).
private func studentTwoSided(t: Double, degreesOfFreedom df: Double) -> Double {
    guard t.isFinite else { return t.isNaN ? .nan : 0 }
    return regularizedBeta(df / (df + t * t), df / 2, 0.5)
}

/// I_x(a, b). Its continued fraction converges quickly below the mean; above it the symmetry helps.
private func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    return x < (a + 1) / (a + b + 2) ? betaFraction(x, a, b) : 1 - betaFraction(1 - x, b, a)
}

/// I_x(a, b) by the continued fraction (Abramowitz and Stegun 26.5.8), evaluated by Lentz's method.
private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let front = exp(
        logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x))
    let tiny = 1e-300
    func apart(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / apart(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...500 {
        let m = Double(step)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        var change = 1.0
        for numerator in [even, odd] {
            d = 1 / apart(1 + numerator * d)
            c = apart(1 + numerator / c)
            change = c * d
            fraction *= change
        }
        if abs(change - 1) < 1e-15 { break }
    }
    return front * fraction / a
}

/// ln Γ(x) for x > 0: Stirling's series after shifting x upwards. (`lgamma` keeps a global sign.)
private func logGamma(_ x: Double) -> Double {
    var (z, shift) = (x, 0.0)
    while z < 12 {
        shift += log(z)
        z += 1
    }
    let w = 1 / (z * z)
    let series = (1.0 / 12 - w * (1.0 / 360 - w * (1.0 / 1260 - w * (1.0 / 1680 - w / 1188)))) / z
    return (z - 0.5) * log(z) - z + 0.5 * log(2 * Double.pi) + series - shift
}
