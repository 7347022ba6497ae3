import Autograd
import CKernels
import Distillation
import Foundation
import Tensors

/// Draws from the distributions after the given rows: ids, how often each was hit, and the entropy of the
/// whole.
///
/// The share of draws that hit an id is an unbiased estimate of its probability (proposal = teacher, so every
/// draw weighs 1 / n), and the gradient of the cross-entropy is linear in it: unbiased too, whatever the
/// vocabulary's tail. Anshumann et al. 2025, arXiv 2503.16870.
///
/// - Parameters:
///   - hidden: `[rows, width]`, after the final norm
///   - head: `[vocabulary, width]`
///   - common: ids at or above it mean nothing to the student and are left out before normalising
///   - streams: one for each row
public func sampledTargets(
    hidden: Tensor, head: Value, rows: [Int32], draws: Int, common: Int, streams: [CounterRandom]
) -> [CachedTarget] {
    precondition(
        draws > 0 && common <= head.rows && streams.count == rows.count,
        "sampledTargets: \(draws) draws of \(common) ids")
    return mapLogits(hidden: hidden, head: head, rows: rows) { index, logits in
        var random = streams[index]
        return draw(UnsafeBufferPointer(rebasing: logits[..<common]), draws, &random)
    }
}

/// One pass over the cumulative distribution with the sorted uniforms beside it.
private func draw(_ logits: UnsafeBufferPointer<Float>, _ draws: Int, _ random: inout CounterRandom)
    -> CachedTarget
{
    guard let base = logits.baseAddress else { return .none }
    let logSum = Double(ck_log_sum_exp(base, logits.count))
    guard logSum.isFinite else { return CachedTarget(ids: [], counts: [], entropy: .nan) }
    var uniforms = (0..<draws).map { _ in random.uniform() }
    uniforms.sort()
    var hits: [(id: Int32, count: Int32)] = []
    var (cumulative, entropy, next, last) = (0.0, 0.0, 0, 0)
    for id in logits.indices {
        let logProbability = Double(logits[id]) - logSum
        let probability = exp(logProbability)
        guard probability > 0 else { continue }
        cumulative += probability
        entropy -= probability * logProbability
        last = id
        var count: Int32 = 0
        while next < draws, uniforms[next] < cumulative {
            next += 1
            count += 1
        }
        if count > 0 { hits.append((Int32(id), count)) }
    }
    // Rounding may leave the sum a hair below the largest uniform.
    if next < draws {
        if hits.last?.id == Int32(last) {
            hits[hits.count - 1].count += Int32(draws - next)
        } else {
            hits.append((Int32(last), Int32(draws - next)))
        }
    }
    hits.sort { $0.count != $1.count ? $0.count > $1.count : $0.id < $1.id }
    return CachedTarget(ids: hits.map(\.id), counts: hits.map(\.count), entropy: Float(entropy))
}
