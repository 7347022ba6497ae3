import Foundation

/// Holm's correction: p of each of several tests such that one of equals is called different in 1 table in
/// 20, whatever the number of rows.
///
/// - Parameter ps: plain, in any order
/// - Returns: corrected, in the same order
public func holm(_ ps: [Double]) -> [Double] {
    let order = ps.indices.sorted { ps[$0] < ps[$1] }
    var (corrected, largest) = (ps, 0.0)
    for (rank, index) in order.enumerated() {
        largest = max(largest, min(1, ps[index] * Double(ps.count - rank)))
        corrected[index] = largest
    }
    return corrected
}

/// Replicates with which a paired two-sided t test at 5 % finds a true difference four times in five.
///
/// The normal approximation with Guenther's term for the t distribution: n = (z₀.₉₇₅ + z₀.₈)² s² / δ² +
/// z₀.₉₇₅² / 2, rounded up.
///
/// - Parameters:
///   - difference: true difference δ, not 0
///   - deviation: standard deviation s of the differences of single replicates
public func replicatesNeeded(difference: Double, deviation: Double) -> Int {
    let (level, power) = (1.959964, 0.841621)
    let ratio = deviation / difference
    let needed = (level + power) * (level + power) * ratio * ratio + level * level / 2
    return needed < 1e6 ? max(2, Int(needed.rounded(.up))) : 1_000_000
}
