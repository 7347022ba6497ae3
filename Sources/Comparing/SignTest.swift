import Foundation

/// Exact paired test over questions: of those on which two models differ, how many does each win? With
/// credits of 0 and 1 this is McNemar's exact test.
public struct SignTest: Sendable, Equatable {
    /// Questions on which the first model gets more, and less, than the second.
    public let wins, losses: Int
    /// Two-sided probability that a fair coin is at least as uneven.
    public let p: Double

    public init(wins: Int, losses: Int) {
        (self.wins, self.losses) = (wins, losses)
        let n = wins + losses
        // Sum of C(n, k) / 2^n up to the smaller count, each from the one before, in logarithms.
        var (logTerm, tail) = (-Double(n) * log(2), 0.0)
        for k in 0...min(wins, losses) {
            tail += exp(logTerm)
            logTerm += log(Double(n - k)) - log(Double(k + 1))
        }
        p = min(1, 2 * tail)
    }

    /// Compares the credits of the same questions, in the same order.
    public init(_ first: [Double], _ second: [Double]) {
        precondition(first.count == second.count, "SignTest: \(first.count) and \(second.count) credits")
        self.init(
            wins: zip(first, second).count { $0 > $1 }, losses: zip(first, second).count { $0 < $1 })
    }
}
