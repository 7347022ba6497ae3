import Distillation
import Files
import Foundation

/// IRS of a teacher's layers as text for people, and as it came to be: after 8, 16, 32 … pairs of inputs
/// (the paper's Figures 4 and 10, appendix B.5).
public struct RelevanceTable {
    private let relevance: InstructionRelevance

    public init(_ relevance: InstructionRelevance) { self.relevance = relevance }

    /// A layer's score is known to so many standard errors, 95 times in 100.
    static let band = 1.96

    /// A row a layer: the score, its 95 % band, and the scores after fewer pairs.
    public var text: String {
        let history = relevance.history ?? []
        var rows = [["layer", "IRS", "low", "high"] + history.map { "\($0.pairs) pairs" }]
        for layer in relevance.scores.indices {
            let (score, error) = (relevance.scores[layer], relevance.standardErrors[layer])
            let numbers =
                [score, score - Self.band * error, score + Self.band * error]
                + history.map { $0.scores.indices.contains(layer) ? $0.scores[layer] : .nan }
            let mark = layer == relevance.bestLayer ? " *" : ""
            rows.append(["\(layer)\(mark)"] + numbers.map { String(format: "%.4f", $0) })
        }
        let share = Double(relevance.bestLayer) / Double(max(1, relevance.scores.count))
        return TextTable.aligned(rows)
            + "IRS over \(relevance.pairs) pairs of inputs with its 95 % band; * the highest, at "
            + String(format: "%.2f", share) + " of the depth. In the paper it is near 3/4.\n"
    }
}
