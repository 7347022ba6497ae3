import Records

/// Terms of some samples, and the shares that they are sums over: their quotients are means.
public struct TermSums: Codable, Sendable, Equatable {
    /// Samples whose rows were counted.
    public var samples = 0
    /// Sums of share times value.
    public var terms = LossTerms()
    public var shares = LossTerms()

    public init() {}

    mutating func add(_ row: LossRow, _ value: LossRowValue) {
        terms = terms + row.term(of: value)
        shares = shares + row.share
    }

    public static func + (a: TermSums, b: TermSums) -> TermSums {
        var sum = TermSums()
        sum.samples = a.samples + b.samples
        (sum.terms, sum.shares) = (a.terms + b.terms, a.shares + b.shares)
        return sum
    }

    /// Mean of each term; 0 where nothing has a share in it.
    public var means: LossTerms {
        func mean(_ sum: Double, _ shares: Double) -> Double { shares == 0 ? 0 : sum / shares }
        return LossTerms(
            sft: mean(terms.sft, shares.sft), iva: mean(terms.iva, shares.iva),
            kd: mean(terms.kd, shares.kd), tpa: mean(terms.tpa, shares.tpa))
    }
}

extension AlignmentResult {
    /// The terms by group of samples.
    ///
    /// - Parameters:
    ///   - batch: whose result this is
    ///   - groups: group of each of its samples, from 0
    package func sums(of batch: AlignmentBatch, groups: [Int]) -> [TermSums] {
        var sums = Array(repeating: TermSums(), count: (groups.max() ?? -1) + 1)
        for group in groups { sums[group].samples += 1 }
        for (row, value) in zip(trunk.rows, trunk.values) {
            sums[groups[batch.sample(ofRow: Int(row.row))]].add(row, value)
        }
        if let branch {
            for (row, value) in zip(branch.rows, branch.values) {
                sums[groups[branches.branches[Int(row.row)].sample]].add(row, value)
            }
        }
        return sums
    }
}
