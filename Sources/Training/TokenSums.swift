import Distillation
import Records

/// What student and teacher find at supervised tokens, summed over some of them.
struct TokenSums: Codable {
    private(set) var tokens = 0
    private var right = 0, agreeing = 0, compared = 0, teacherRight = 0
    private var entropy = 0.0, teacherEntropy = 0.0, teacherCrossEntropy = 0.0

    mutating func add(_ observed: RowObservation) {
        tokens += 1
        right += observed.isRight ? 1 : 0
        entropy += observed.entropy
        guard let agrees = observed.agrees else { return }
        compared += 1
        agreeing += agrees ? 1 : 0
        teacherRight += observed.teacherIsRight ? 1 : 0
        teacherEntropy += observed.teacherEntropy
        teacherCrossEntropy += observed.teacherCrossEntropy
    }

    static func + (a: TokenSums, b: TokenSums) -> TokenSums {
        var sum = a
        sum.tokens += b.tokens
        (sum.right, sum.agreeing) = (a.right + b.right, a.agreeing + b.agreeing)
        (sum.compared, sum.teacherRight) = (a.compared + b.compared, a.teacherRight + b.teacherRight)
        sum.entropy += b.entropy
        sum.teacherEntropy += b.teacherEntropy
        sum.teacherCrossEntropy += b.teacherCrossEntropy
        return sum
    }

    var accuracy: Double { mean(Double(right)) }
    var meanEntropy: Double { mean(entropy) }
    /// Nil where nothing was compared.
    var agreement: Double? { compared > 0 ? mean(Double(agreeing)) : nil }
    var teacher: ValidationMetrics.Quality? {
        guard compared > 0 else { return nil }
        var quality = ValidationMetrics.Quality()
        quality.crossEntropy = mean(teacherCrossEntropy)
        (quality.entropy, quality.accuracy) = (mean(teacherEntropy), mean(Double(teacherRight)))
        return quality
    }

    /// Of these tokens, which are all of one source.
    func source(_ own: SourceTerms) -> ValidationMetrics.Source {
        var source = ValidationMetrics.Source()
        (source.samples, source.tokens, source.terms) = (own.samples, tokens, own.terms)
        (source.accuracy, source.entropy) = (accuracy, meanEntropy)
        (source.agreement, source.teacher) = (agreement, teacher)
        return source
    }

    private func mean(_ sum: Double) -> Double { sum / Double(max(1, tokens)) }
}
