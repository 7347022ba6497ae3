import CKernels
import Tensors

/// Mean attention probability that some rows of each sequence give to some of its keys (the α of Eq. 3 before
/// any choice of layer).
///
/// - Parameters:
///   - q: `[rows, heads * headSize]`, k: `[rows, keyHeads * headSize]`, both after rotary; row i of a
///     sequence sees keys 0...i
///   - sequences: per sequence its rows, the rows that look (`readers`) and the rows looked at (`targets`),
///     all as rows of the batch
/// - Returns: per sequence `targets.count` means over readers and heads; zeros where there is no reader
public func meanAttention(
    q: Tensor, k: Tensor, headSize: Int, scale: Float? = nil,
    sequences: [(rows: Range<Int>, readers: [Int32], targets: Range<Int>)]
) -> [[Float]] {
    let (heads, keyHeads) = (q.width / headSize, k.width / headSize)
    let factor = scale ?? 1 / Float(headSize).squareRoot()
    let longest = sequences.map(\.targets.count).max() ?? 0
    let sums = Tensor(zeros: [max(1, sequences.count), max(1, longest)])
    let work = sequences
    parallelTasks(work.count) { index in
        let (rows, readers, targets) = work[index]
        guard !readers.isEmpty, !targets.isEmpty else { return }
        precondition(
            targets.lowerBound >= rows.lowerBound
                && readers.allSatisfy { Int($0) >= targets.upperBound - 1 && Int($0) < rows.upperBound },
            "meanAttention: readers must stand after the targets, inside their sequence")
        let queries = q.gatheringRows(readers)
        let visible = readers.map { $0 - Int32(rows.lowerBound) + 1 }
        let width = Int(visible.max() ?? 0)
        let scores = Tensor(uninitialized: [readers.count, width])
        let offset = targets.lowerBound - rows.lowerBound
        for head in 0..<heads {
            let keyHead = head / (heads / keyHeads)
            multiply(
                MatrixView<Float>(
                    queries.pointer + head * headSize, rows: readers.count, columns: headSize,
                    stride: queries.width), .plain,
                MatrixView<Float>(
                    k.pointer + rows.lowerBound * k.width + keyHead * headSize, rows: width,
                    columns: headSize, stride: k.width),
                .transposed, into: MatrixView<Float>(scores))
            ck_prefix_softmax(scores.pointer, nil, visible, factor, nil, 0, readers.count, width, width)
            for row in 0..<readers.count {
                ck_add(
                    sums.pointer + index * sums.width, scores.pointer + row * width + offset, targets.count)
            }
        }
        ck_scale(sums.pointer + index * sums.width, 1 / Float(heads * readers.count), targets.count)
    }
    return sequences.enumerated().map { index, sequence in
        Array(UnsafeBufferPointer(start: sums.pointer + index * sums.width, count: sequence.targets.count))
    }
}

/// All attention probabilities of one causal sequence, `[heads, rows, rows]`, zero above the diagonal: for
/// looking at, not for training.
///
/// - Parameters:
///   - q: `[batch rows, heads * headSize]`, k: `[batch rows, keyHeads * headSize]`, both after rotary
///   - rows: the sequence's rows
public func attentionProbabilities(q: Tensor, k: Tensor, headSize: Int, rows: Range<Int>, scale: Float? = nil)
    -> Tensor
{
    let (heads, keyHeads, count) = (q.width / headSize, k.width / headSize, rows.count)
    let result = Tensor(uninitialized: [heads, count, count])
    let visible = (0..<count).map { Int32($0 + 1) }
    parallelTasks(heads) { head in
        let scores = MatrixView<Float>(
            result.pointer + head * count * count, rows: count, columns: count, stride: count)
        let keyHead = head / (heads / keyHeads)
        multiply(
            MatrixView<Float>(
                q.pointer + rows.lowerBound * q.width + head * headSize, rows: count, columns: headSize,
                stride: q.width), .plain,
            MatrixView<Float>(
                k.pointer + rows.lowerBound * k.width + keyHead * headSize, rows: count, columns: headSize,
                stride: k.width),
            .transposed, into: scores)
        ck_prefix_softmax(
            scores.pointer, nil, visible, scale ?? 1 / Float(headSize).squareRoot(), nil, 0, count, count,
            count)
    }
    return result
}
