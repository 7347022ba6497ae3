import CKernels
import Foundation

/// A divergence over k + 1 outcomes (the cached ids, and all others as one) and its gradient with respect to
/// the student's logits.
///
/// With q the student's distribution over the outcomes, g = dD/dq and c = Σ q g, the gradient is q_v (g_v -
/// c) for a cached id and q_v (g_rest - c) for any other: q_v - p_v and q_v (1 - p_rest / q_rest) of the
/// forward KL. Draws are that case without a rest: the gradient is q_v less the share of draws that hit v,
/// which in the mean is q_v - p_v. With any other divergence the mean would be something else, so draws are
/// refused there.
struct CachedDivergence {
    let value: Double
    /// g_rest - c
    let restFactor: Float
    private let ids: [Int32]
    /// q g - q c of each cached id.
    private let gradients: [Double]
    private let student: [Double]

    /// - Parameters:
    ///   - temperature: of the comparison
    ///   - s: the student's logits divided by it; written to and restored
    ///   - logSum: of the first `common` of them
    init(
        _ target: CachedTarget, _ divergence: Divergence, temperature: Double,
        _ s: UnsafeMutablePointer<Float>, logSum: Float, common: Int
    ) {
        let (shares, restShare) = target.normalized(temperature: temperature)
        let rest = Self.rest(s, excluding: target.ids, logSum: logSum, common: common)
        let mixture = divergence.mixture
        var (sum, meanSlope, crossEntropy) = (0.0, 0.0, 0.0)
        var (slopes, student) = ([Double](), [Double]())
        for (id, share) in zip(target.ids, shares) {
            let logQ = Double(s[Int(id)] - logSum)
            let q = exp(logQ)
            let outcome = Outcome(p: share, q: (q, logQ), mixture)
            sum += outcome.value
            meanSlope += outcome.slope
            crossEntropy -= share.probability * logQ
            slopes.append(outcome.slope)
            student.append(q)
        }
        var restSlope = 0.0  // g, not q g
        if rest > 0 {
            let outcome = Outcome(p: restShare, q: (rest, log(rest)), mixture)
            sum += outcome.value
            meanSlope += outcome.slope
            restSlope = outcome.slope / rest
        }
        // Draws: their own entropy is that of the sample; the teacher's makes the value unbiased too.
        value = target.entropy.map { crossEntropy - Double($0) } ?? sum
        restFactor = Float(restSlope - meanSlope)
        ids = target.ids
        self.student = student
        gradients = zip(slopes, student).map { $0 - $1 * meanSlope }
    }

    /// One outcome's part of a divergence, and q dD/dq.
    private struct Outcome {
        let value, slope: Double

        init(p: CachedTarget.Share, q: CachedTarget.Share, _ f: ck_mixture) {
            // A probability below e^-700 is taken for that: no logarithm is infinite, and what it multiplies
            // is as good as zero.
            let r = max(p.log, -700) - max(q.log, -700)
            guard f.b != 0 || f.lambda != 0 else {  // forward KL
                (value, slope) = (p.probability * r, -p.probability)
                return
            }
            let (lambda, a, b) = (Double(f.lambda), Double(f.a), Double(f.b))
            let ratio = lambda * exp(r) + 1 - lambda  // m / q
            let logRatio = lambda == 1 ? r : log(ratio)
            value = a * p.probability * (r - logRatio) - b * q.probability * logRatio
            slope =
                b * q.probability * (1 - logRatio - (1 - lambda) / ratio)
                - a * (1 - lambda) * p.probability / ratio
        }
    }

    /// The student's probability of all ids that are not cached, summed over them: one minus the others would
    /// cancel.
    private static func rest(
        _ s: UnsafeMutablePointer<Float>, excluding ids: [Int32], logSum: Float, common: Int
    ) -> Double {
        guard ids.count < common else { return 0 }
        let kept = ids.map { s[Int($0)] }
        for id in ids { s[Int(id)] = -.infinity }
        let rest = ck_log_sum_exp(s, common)
        for (id, logit) in zip(ids, kept) { s[Int(id)] = logit }
        return exp(Double(rest - logSum))
    }

    /// Replaces the rest's share, which every id has been given, by the cached ids' own.
    func addGradient(to s: UnsafeMutablePointer<Float>, weight: Double) {
        for ((id, gradient), q) in zip(zip(ids, gradients), student) {
            s[Int(id)] += Float(weight * (gradient - q * Double(restFactor)))
        }
    }
}
