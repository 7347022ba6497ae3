import Autograd
import CKernels
import Distillation
import Foundation
import Tensors

/// The k most probable next tokens after the given rows, with log-probabilities over the common vocabulary
/// and the log of the rest.
///
/// - Parameters:
///   - hidden: `[rows, width]`, after the final norm
///   - head: `[vocabulary, width]`
///   - topK: nil keeps all ids
///   - common: ids at or above it mean nothing to the student and are left out before normalising
public func topTargets(hidden: Tensor, head: Value, rows: [Int32], topK: Int?, common: Int) -> [CachedTarget]
{
    let count = min(topK ?? common, common)
    precondition(count > 0 && common <= head.rows, "topTargets: \(count) of \(common) ids")
    return mapLogits(hidden: hidden, head: head, rows: rows) { _, logits in
        selectTop(.init(rebasing: logits[..<common]), count: count)
    }
}

/// Results of `body` for each row's logits, in the order of the rows; called from several threads, free to
/// overwrite the logits.
func mapLogits(
    hidden: Tensor, head: Value, rows: [Int32],
    _ body: @Sendable (_ index: Int, _ logits: UnsafeMutableBufferPointer<Float>) -> CachedTarget
) -> [CachedTarget] {
    let chunks = HeadChunks().ranges(rows.count, vocabulary: head.rows)
    let logits = Tensor(uninitialized: [max(1, chunks.first?.count ?? 0), head.rows])
    var project = Projection(head, chunks: chunks.count)
    return chunks.flatMap { chunk in
        project(hidden.gatheringRows(Array(rows[chunk])), into: logits.rows(0..<chunk.count))
        return parallelMap(chunk.count, grain: 2) { row in
            body(
                chunk.lowerBound + row,
                UnsafeMutableBufferPointer(start: logits.pointer + row * logits.width, count: logits.width))
        }
    }
}

/// Rank order, the lower id first among equals.
private func selectTop(_ logits: UnsafeMutableBufferPointer<Float>, count: Int) -> CachedTarget {
    guard let base = logits.baseAddress else { return .none }
    let logSum = ck_log_sum_exp(base, logits.count)
    var keys: [UInt64]
    if count == logits.count {
        keys = logits.indices.map { rankKey(logits[$0], id: $0) }
    } else {
        // Keep up to four times what is wanted, then drop all below the count-th: few selections, one
        // comparison an id.
        keys = (0..<count).map { rankKey(logits[$0], id: $0) }
        keys.reserveCapacity(4 * count)
        var threshold = -Float.infinity
        var index = ck_next_above(base, count, logits.count, threshold)
        while index < logits.count {
            keys.append(rankKey(logits[index], id: index))
            if keys.count == 4 * count {
                keepSmallest(count, of: &keys)
                threshold = keys.max().map { logits[Int(UInt32(truncatingIfNeeded: $0))] } ?? threshold
            }
            index = ck_next_above(base, index + 1, logits.count, threshold)
        }
    }
    keepSmallest(count, of: &keys)
    let best = sorted(keys).map { Int32(truncatingIfNeeded: $0) }
    let logProbabilities = best.map { logits[Int($0)] - logSum }
    guard count < logits.count else {
        return CachedTarget(ids: best, logProbabilities: logProbabilities, logTail: -.infinity)
    }
    // The tail is summed over its own members: one minus the rest would lose all digits where the tail is
    // small.
    for id in best { logits[Int(id)] = -.infinity }
    return CachedTarget(
        ids: best, logProbabilities: logProbabilities, logTail: ck_log_sum_exp(base, logits.count) - logSum)
}

/// Drops all but the `count` smallest of keys that all differ.
private func keepSmallest(_ count: Int, of keys: inout [UInt64]) {
    keys.withUnsafeMutableBufferPointer { ck_keep_smallest($0.baseAddress, $0.count, count) }
    keys.removeLast(max(0, keys.count - count))
}

private func sorted(_ keys: [UInt64]) -> [UInt64] {
    guard keys.count <= 256 else { return keys.sorted() }
    return [UInt64](unsafeUninitializedCapacity: keys.count) { result, made in
        ck_rank(keys, result.baseAddress, keys.count)
        made = keys.count
    }
}

/// A number that sorts by rank: larger logits first, the lower id first among equals.
private func rankKey(_ logit: Float, id: Int) -> UInt64 {
    let bits = (logit + 0).bitPattern  // -0 and 0 are equals
    // Negative numbers have the sign bit and grow downwards.
    let ascending = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
    return UInt64(~ascending) << 32 | UInt64(UInt32(truncatingIfNeeded: id))
}
