/// Instruction-Relevance Score of every layer (Eq. 4): one minus the mean cosine of two inputs' alphas, over
/// pairs of inputs.
public struct InstructionRelevance: Codable, Sendable {
    /// Pairs that were looked at.
    public let pairs: Int
    /// Score of each layer, and its standard error.
    public let scores, standardErrors: [Double]

    /// The same over the first pairs, each time twice as many (appendix B.5); nil in earlier measurements.
    public var history: [Interim]?

    /// Scores after some of the pairs.
    public struct Interim: Codable, Sendable, Equatable {
        public let pairs: Int
        public let scores, standardErrors: [Double]

        public init(pairs: Int, scores: [Double], standardErrors: [Double]) {
            (self.pairs, self.scores, self.standardErrors) = (pairs, scores, standardErrors)
        }

        private enum CodingKeys: String, CodingKey {
            case pairs, scores
            case standardErrors = "standard_errors"
        }
    }

    public init(pairs: Int, scores: [Double], standardErrors: [Double]) {
        (self.pairs, self.scores, self.standardErrors) = (pairs, scores, standardErrors)
    }

    /// The layer with the highest score, the first of equals.
    public var bestLayer: Int {
        scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) } ?? 0
    }

    private enum CodingKeys: String, CodingKey {
        case pairs, scores, history
        case standardErrors = "standard_errors"
    }
}

/// Sums over pairs of inputs that make an `InstructionRelevance`.
public struct RelevanceSums: Sendable {
    private var sums: [Double]
    private var squares: [Double]
    private var history: [InstructionRelevance.Interim] = []
    /// Pairs that were added.
    public private(set) var pairs = 0

    public init(layers: Int) {
        sums = Array(repeating: 0, count: layers)
        squares = sums
    }

    /// - Parameters: alphas of the two inputs, `[layers][visual tokens]`
    public mutating func add(_ first: [[Float]], _ second: [[Float]]) {
        for layer in sums.indices {
            let cosine = cosine(first[layer], second[layer])
            sums[layer] += cosine
            squares[layer] += cosine * cosine
        }
        pairs += 1
        if pairs >= 8, pairs & (pairs - 1) == 0 {
            let now = relevance
            history.append(.init(pairs: pairs, scores: now.scores, standardErrors: now.standardErrors))
        }
    }

    /// The scores so far; standard errors are infinite before the second pair.
    public var relevance: InstructionRelevance {
        let n = Double(pairs)
        let errors = zip(sums, squares).map { sum, square in
            pairs > 1 ? max(0, (square - sum * sum / n) / (n - 1) / n).squareRoot() : .infinity
        }
        var relevance = InstructionRelevance(
            pairs: pairs, scores: sums.map { 1 - $0 / max(1, n) }, standardErrors: errors)
        relevance.history = history
        return relevance
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        precondition(a.count == b.count, "RelevanceSums: \(a.count) and \(b.count) visual tokens")
        var (dot, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            dot += Double(x) * Double(y)
            aa += Double(x) * Double(x)
            bb += Double(y) * Double(y)
        }
        return aa > 0 && bb > 0 ? dot / (aa.squareRoot() * bb.squareRoot()) : 0
    }
}
