import Comparing
import Foundation
import Testing

@Suite struct StudentTTests {
    /// df 1 is Cauchy's distribution: p = 1 - (2 / pi) atan t. df 2: p = 1 - t / sqrt(2 + t²). df 4, with c =
    /// t / sqrt(4 + t²): p = 1 - (3 c - c³) / 2. The rest are the usual table's 5 % and 1 % points.
    @Test func tailsAreThoseOfTheDistribution() {
        let half = 0.5.squareRoot()
        let cases: [(df: Double, t: Double, p: Double)] = [
            (1, 1, 0.5), (1, 5, 1 - 2 / Double.pi * atan(5.0)), (2, 2, 1 - 2 / 6.0.squareRoot()),
            (2, 0.5, 1 - 0.5 / 2.25.squareRoot()), (4, 2, 1 - (3 * half - half / 2) / 2),
            (4, 2.776445105, 0.05), (9, 2.262157163, 0.05), (9, 3.249835542, 0.01), (30, 2.042272456, 0.05),
            (4, 0, 1), (1, 1e6, 2e-6 / Double.pi),
        ]
        for (df, t, p) in cases { check(df, t, p) }
    }

    private func check(_ df: Double, _ t: Double, _ p: Double) {
        let n = Int(df) + 1
        // Differences with mean t / sqrt(n) and sample variance 1, so that the standard error is 1 / sqrt(n).
        let raw = (0..<n).map { Double($0) - df / 2 }
        let deviation = (raw.reduce(0) { $0 + $1 * $1 } / df).squareRoot()
        let test = PairedTTest(raw.map { $0 / deviation + t / Double(n).squareRoot() })
        #expect(test?.degreesOfFreedom == Int(df))
        #expect(abs((test?.t ?? .nan) - t) < 1e-6 * (1 + t))
        #expect(abs((test?.p ?? .nan) - p) < 1e-8 + 1e-6 * p, "\(String(describing: test?.p)), expected \(p)")
    }

    /// 1, 2, 3, 6: mean 3, squares 4 + 1 + 0 + 9 = 14, variance 14 / 3, standard error sqrt(14 / 12).
    @Test func meanAndStandardErrorByHand() {
        let found = MeanAndError([1, 2, 3, 6])
        #expect(found.mean == 3 && abs((found.standardError ?? 0) - (14.0 / 12).squareRoot()) < 1e-12)
        #expect(MeanAndError([5]).standardError == nil && PairedTTest([5]) == nil)
    }

    @Test func equalDifferencesAreCertainOrNothing() {
        #expect(PairedTTest([0, 0, 0])?.p == 1)
        #expect(PairedTTest([2, 2, 2])?.p == 0)
    }
}
