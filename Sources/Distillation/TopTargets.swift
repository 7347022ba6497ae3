import CKernels
import Foundation
import Tensors

/// The k most probable next tokens after the given rows, with log-probabilities over the common vocabulary and the log of the rest.
///
/// - Parameters:
///   - hidden: `[rows, width]`, after the final norm
///   - head: `[vocabulary, width]`
///   - topK: nil keeps all ids
///   - common: ids at or above it mean nothing to the student and are left out before normalising
public func topTargets(hidden: Tensor, head: Tensor, rows: [Int32], topK: Int?, common: Int) -> [CachedTarget] {
    let count = min(topK ?? common, common)
    precondition(count > 0 && common <= head.rows, "topTargets: \(count) of \(common) ids")
    let chunkRows = max(16, (1 << 21) / head.rows)
    var targets: [CachedTarget] = []
    targets.reserveCapacity(rows.count)
    for start in stride(from: 0, to: rows.count, by: chunkRows) {
        let chunk = Array(rows[start..<min(start + chunkRows, rows.count)])
        let logits = Tensor(uninitialized: [chunk.count, head.rows])
        multiply(hidden.gatheringRows(chunk), .plain, head, .transposed, into: logits)
        let (ids, values) = (Tensor(uninitialized: [chunk.count, count]), Tensor(uninitialized: [chunk.count, count + 1]))
        parallel(chunk.count, grain: 2) { range in
            for row in range {
                selectTop(
                    UnsafeMutableBufferPointer(start: logits.pointer + row * head.rows, count: common), count: count,
                    ids: ids.pointer + row * count, logProbabilities: values.pointer + row * (count + 1))
            }
        }
        for row in 0..<chunk.count {
            targets.append(
                CachedTarget(
                    ids: (0..<count).map { Int32(bitPattern: ids[row, $0].bitPattern) },
                    logProbabilities: (0..<count).map { values[row, $0] }, logTail: values[row, count]))
        }
    }
    return targets
}

/// Rank order, the lower id first among equals. `ids` holds bit patterns; the last log-probability is the tail's.
private func selectTop(
    _ logits: UnsafeMutableBufferPointer<Float>, count: Int, ids: UnsafeMutablePointer<Float>, logProbabilities: UnsafeMutablePointer<Float>
) {
    guard let base = logits.baseAddress else { return }
    let logSum = ck_log_sum_exp(base, logits.count)
    var best: [Int32]
    if count == logits.count {
        best = logits.indices.map { Int32($0) }
    } else {
        // Keep up to four times what is wanted, then drop all below the count-th: few sorts, one comparison an id.
        best = []
        var threshold = -Float.infinity
        for index in logits.indices where logits[index] > threshold || best.count < count {
            best.append(Int32(index))
            if best.count == 4 * count {
                best.sort { before($0, $1, logits) }
                best.removeLast(3 * count)
                threshold = logits[Int(best[count - 1])]
            }
        }
    }
    best.sort { before($0, $1, logits) }
    best.removeLast(best.count - count)
    for (rank, id) in best.enumerated() {
        ids[rank] = Float(bitPattern: UInt32(bitPattern: id))
        logProbabilities[rank] = logits[Int(id)] - logSum
    }
    guard count < logits.count else {
        logProbabilities[count] = -.infinity
        return
    }
    // The tail is summed over its own members: one minus the rest would lose all digits where the tail is small.
    for id in best { logits[Int(id)] = -.infinity }
    logProbabilities[count] = ck_log_sum_exp(base, logits.count) - logSum
}

private func before(_ a: Int32, _ b: Int32, _ logits: UnsafeMutableBufferPointer<Float>) -> Bool {
    let (x, y) = (logits[Int(a)], logits[Int(b)])
    return x != y ? x > y : a < b
}
