import CKernels
import Foundation
import Tensors

/// Losses of one row of logits and their gradient, which replaces the logits.
struct HeadLossRow: Sendable {
    /// Log-sum-exp over the whole and over the common vocabulary.
    struct LogSums: Sendable {
        let whole, common: Float
    }

    let loss: HeadLoss
    let vocabulary: Int

    func logSums(_ logits: Tensor) -> [LogSums] {
        let sums = Tensor(uninitialized: [logits.rows, 2])
        parallel(logits.rows, grain: max(1, elementwiseRows)) { range in
            for row in range {
                let s = logits.pointer + row * vocabulary
                sums[row, 0] = ck_log_sum_exp(s, vocabulary)
                sums[row, 1] = loss.common == vocabulary ? sums[row, 0] : ck_log_sum_exp(s, loss.common)
            }
        }
        return (0..<logits.rows).map { LogSums(whole: sums[$0, 0], common: sums[$0, 1]) }
    }

    private var elementwiseRows: Int { (1 << 14) / vocabulary }

    /// - Parameters:
    ///   - s: the student's logits `[vocabulary]`; afterwards d loss / d logits when `gradient` is set
    ///   - teacher: the teacher's logits, at least `common` of them
    func lossAndGradient(
        _ row: LossRow, _ s: UnsafeMutablePointer<Float>, _ sums: LogSums,
        teacher: UnsafeMutablePointer<Float>?,
        cached: [CachedTarget], gradient: Bool
    ) -> LossRowValue {
        var value = LossRowValue()
        let weights = loss.weights
        let sftWeight = row.label >= 0 ? weights.sft * row.share.sft : 0
        if row.label >= 0 { value.crossEntropy = Double(sums.whole - s[Int(row.label)]) }

        let target = row.cached >= 0 ? cached[Int(row.cached)] : nil
        let looseWeight = weights.kd * row.share.kd + weights.iva * row.share.iva
        let cachedWeight = target == nil ? 0 : looseWeight
        let denseWeight = weights.tpa * row.share.tpa + (target == nil ? looseWeight : 0)
        var teacherSum: Float = 0
        if let teacher {
            teacherSum = ck_log_sum_exp(teacher, loss.common)
            value.divergence = ck_kl(teacher, teacherSum, s, sums.common, loss.common)
        }
        let sparse = target.map { SparseDivergence($0, s, logSum: sums.common, common: loss.common) }
        if let sparse { value.cachedDivergence = sparse.value }
        guard gradient else { return value }

        // d CE = softmax - onehot; d KL = student - teacher, both over the common vocabulary.
        let keep = Float(cachedWeight) * (sparse?.tailFactor ?? 0)
        ck_two_softmax(
            s, sums.whole, Float(sftWeight), sums.common, Float(teacher == nil ? 0 : denseWeight) + keep,
            vocabulary, loss.common)
        if row.label >= 0 { s[Int(row.label)] -= Float(sftWeight) }
        if let teacher, denseWeight != 0 {
            ck_subtract_softmax(s, teacher, teacherSum, Float(denseWeight), loss.common)
        }
        if let sparse { sparse.addGradient(to: s, weight: cachedWeight) }
        return value
    }
}

/// KL over k + 1 outcomes (the cached ids, and all others as one) and its gradient with respect to the student's logits.
/// Draws are the case without a tail: q_v less the share of draws that hit v, which is q_v - p_v in the mean.
///
/// With q the student's distribution and t the probability it gives to the other ids:
/// d KL / d s_v = q_v - p_v for a cached id, q_v (1 - p_tail / t) for any other.
private struct SparseDivergence {
    let value: Double
    /// 1 - p_tail / t
    let tailFactor: Float
    private let ids: [Int32]
    private let probabilities: [Double]
    private let student: [Double]

    init(_ target: CachedTarget, _ s: UnsafeMutablePointer<Float>, logSum: Float, common: Int) {
        let (p, pTail) = target.normalized
        let logQ = target.ids.map { Double(s[Int($0)] - logSum) }
        let t = SparseDivergence.tail(s, excluding: target.ids, logSum: logSum, common: common)
        var sum = zip(p, logQ).reduce(0.0) { $1.0 > 0 ? $0 + $1.0 * (log($1.0) - $1.1) : $0 }
        // Draws: their own entropy is that of the sample; the teacher's makes the value unbiased too.
        if let entropy = target.entropy { sum = zip(p, logQ).reduce(-Double(entropy)) { $0 - $1.0 * $1.1 } }
        if pTail > 0 { sum += pTail * (log(pTail) - log(max(t, .leastNormalMagnitude))) }
        value = sum
        tailFactor = t > 0 ? Float(1 - pTail / t) : 1
        (ids, probabilities, student) = (target.ids, p, logQ.map { exp($0) })
    }

    /// The student's probability of all ids that are not cached, summed over them: one minus the rest would cancel.
    private static func tail(
        _ s: UnsafeMutablePointer<Float>, excluding ids: [Int32], logSum: Float, common: Int
    ) -> Double {
        guard ids.count < common else { return 0 }
        let kept = ids.map { s[Int($0)] }
        for id in ids { s[Int(id)] = -.infinity }
        let tail = ck_log_sum_exp(s, common)
        for (id, logit) in zip(ids, kept) { s[Int(id)] = logit }
        return exp(Double(tail - logSum))
    }

    /// Replaces the tail's share, which every id has been given, by the cached ids' own.
    func addGradient(to s: UnsafeMutablePointer<Float>, weight: Double) {
        for ((id, p), q) in zip(zip(ids, probabilities), student) {
            s[Int(id)] += Float(weight * ((q - p) - q * Double(tailFactor)))
        }
    }
}
