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
    private let divergences: [Divergence]

    init(loss: HeadLoss, vocabulary: Int) {
        (self.loss, self.vocabulary, divergences) = (loss, vocabulary, loss.divergences.distinct)
    }

    /// - Parameter logits: `[rows, vocabulary]`
    func logSums(_ logits: Tensor) -> [LogSums] {
        parallelMap(logits.rows, grain: max(1, (1 << 14) / vocabulary)) { row in
            let s = logits.pointer + row * vocabulary
            let whole = ck_log_sum_exp(s, vocabulary)
            return LogSums(
                whole: whole,
                common: loss.common == vocabulary ? whole : ck_log_sum_exp(s, loss.common))
        }
    }

    /// The losses of one row of logits.
    ///
    /// - Parameters:
    ///   - s: the student's logits `[vocabulary]`; afterwards d loss / d logits when `gradient` is set
    ///   - teacher: the teacher's logits, at least `common` of them; overwritten
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
        if loss.observes, row.label >= 0 {
            value.observation = RowObservation(
                label: row.label, student: (s, vocabulary, sums.whole),
                teacher: teacher.map { ($0, loss.common, ck_log_sum_exp($0, loss.common)) })
        }
        // From here on logits are those of the temperature; cross-entropy and observation are at 1.
        let temperature = teacher == nil && target == nil ? 1 : loss.divergences.temperature
        var commonSum = sums.common
        if temperature != 1 {
            ck_scale(s, Float(1 / temperature), vocabulary)
            commonSum = ck_log_sum_exp(s, loss.common)
            if let teacher { ck_scale(teacher, Float(1 / temperature), loss.common) }
        }
        let teacherSum = teacher.map { ck_log_sum_exp($0, loss.common) } ?? 0
        let factor = loss.divergences.factor
        let pull = factor / temperature  // d (logits / T) = d logits / T
        var forward = 0.0  // weight of the forward KL from the teacher's row
        var mixtures: [ck_mixture] = []  // other divergences from it
        var sparse: [(divergence: CachedDivergence, weight: Double)] = []
        for divergence in divergences {
            let kd = divergence == loss.divergences.kd
            let iva = divergence == loss.divergences.iva
            let tpa = divergence == loss.divergences.tpa
            // The cache serves KD and IVA; what follows a candidate it cannot know.
            let loose = (kd ? weights.kd * row.share.kd : 0) + (iva ? weights.iva * row.share.iva : 0)
            let weight = (tpa ? weights.tpa * row.share.tpa : 0) + (target == nil ? loose : 0)
            if let teacher, weight != 0 || divergences.count == 1 {
                let found: Double
                if divergence == .forwardKL {
                    found = factor * ck_kl(teacher, teacherSum, s, commonSum, loss.common)
                    forward = weight * pull
                } else {
                    var mixture = divergence.mixture
                    var slope = 0.0
                    found =
                        factor
                        * ck_mixture_divergence(
                            teacher, teacherSum, s, commonSum, mixture, loss.common, &slope)
                    (mixture.weight, mixture.mean_slope) = (Float(weight * pull), Float(slope))
                    if weight != 0 { mixtures.append(mixture) }
                }
                if tpa { value.tpa = found }
                if kd, target == nil { value.kd = found }
                if iva, target == nil { value.iva = found }
            }
            if let target, loose != 0 || divergences.count == 1 {
                let found = CachedDivergence(
                    target, divergence, temperature: temperature, s, logSum: commonSum, common: loss.common)
                if kd { value.kd = factor * found.value }
                if iva { value.iva = factor * found.value }
                sparse.append((found, loose * pull))
            }
        }
        guard gradient else { return value }

        // d CE = softmax - onehot; d KL = student - teacher, both over the common vocabulary.
        if let teacher, !mixtures.isEmpty {
            // Leaves the gradient in the teacher's place; its forward part is of the same form.
            if forward != 0 {
                var mixture = Divergence.forwardKL.mixture
                (mixture.weight, mixture.mean_slope) = (Float(forward), -1)
                mixtures.append(mixture)
            }
            ck_mixture_gradient(s, commonSum, teacher, teacherSum, mixtures, mixtures.count, loss.common)
        }
        let keep = sparse.reduce(Float(0)) { $0 + Float($1.weight) * $1.divergence.restFactor }
        let pulled = (mixtures.isEmpty ? Float(forward) : 0) + keep
        if temperature == 1 {
            ck_two_softmax(
                s, sums.whole, Float(sftWeight), commonSum, pulled, vocabulary, loss.common)
        } else {
            ck_two_softmax_warm(
                s, Float(temperature), sums.whole, Float(sftWeight), commonSum, pulled, vocabulary,
                loss.common)
        }
        if row.label >= 0 { s[Int(row.label)] -= Float(sftWeight) }
        if let teacher {
            if !mixtures.isEmpty {
                ck_add(s, teacher, loss.common)
            } else if forward != 0 {
                ck_subtract_softmax(s, teacher, teacherSum, Float(forward), loss.common)
            }
        }
        for part in sparse { part.divergence.addGradient(to: s, weight: part.weight) }
        return value
    }
}
