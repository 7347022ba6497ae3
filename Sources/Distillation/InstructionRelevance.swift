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
    /// Of each input, as they came: its pairs, and the sum of their cosines by layer.
    private var inputs: [(pairs: Int, sums: [Double])] = []
    /// Place of an input in `inputs`, by its number.
    private var places: [Int: Int] = [:]
    private var history: [InstructionRelevance.Interim] = []
    /// Pairs that were added.
    public private(set) var pairs = 0

    public init(layers: Int) {
        sums = Array(repeating: 0, count: layers)
        squares = sums
    }

    /// - Parameters:
    ///   - numbers: of the two inputs
    ///   - first: alphas of the one, `[layers][visual tokens]`
    ///   - second: of the other
    public mutating func add(_ numbers: (Int, Int), _ first: [[Float]], _ second: [[Float]]) {
        let cosines = sums.indices.map { cosine(first[$0], second[$0]) }
        for (layer, cosine) in cosines.enumerated() {
            sums[layer] += cosine
            squares[layer] += cosine * cosine
        }
        for number in [numbers.0, numbers.1] {
            let place = places[number] ?? inputs.count
            if place == inputs.count {
                places[number] = place
                inputs.append((0, Array(repeating: 0, count: sums.count)))
            }
            inputs[place].pairs += 1
            for (layer, cosine) in cosines.enumerated() { inputs[place].sums[layer] += cosine }
        }
        pairs += 1
        if pairs >= 8, pairs & (pairs - 1) == 0 {
            let now = relevance
            history.append(.init(pairs: pairs, scores: now.scores, standardErrors: now.standardErrors))
        }
    }

    /// The scores so far. Standard errors are 1 before the second pair: no cosine of alphas is further from
    /// another.
    public var relevance: InstructionRelevance {
        let n = Double(pairs)
        let errors = sums.indices.map { layer -> Double in
            guard pairs > 1 else { return 1 }
            let independent = max(0, squares[layer] - sums[layer] * sums[layer] / n)
            let shared = residuals(layer) - independent
            return (max(independent, shared) / (n - 1) / n).squareRoot()
        }
        var relevance = InstructionRelevance(
            pairs: pairs, scores: sums.map { 1 - $0 / max(1, n) }, standardErrors: errors)
        relevance.history = history
        return relevance
    }

    /// Sum over inputs of the squared sum of what their pairs differ from the mean by. Pairs of one input are
    /// not independent: where inputs are few and pairs many, this is what the variance is made of (Aronow,
    /// Samii and Assenova 2015, dyadic data). Twice the pairs' own squares where no input is in two.
    private func residuals(_ layer: Int) -> Double {
        let mean = sums[layer] / Double(pairs)
        return inputs.reduce(0.0) { total, input in
            let rest = input.sums[layer] - Double(input.pairs) * mean
            return total + rest * rest
        }
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
