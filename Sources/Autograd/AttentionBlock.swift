import CKernels
import Tensors

/// The arithmetic of attention for some rows of one segment and one head, on one thread, with its own scratch
/// memory.
final class AttentionBlock {
    private static let blockRows = 64
    private let shape: AttentionShape
    private let data: AttentionData
    private let logSums: Tensor  // [rows, heads]
    private var scratch: [Tensor?] = [nil, nil]
    private var halfScratch: HalfTensor?

    init(_ shape: AttentionShape, _ data: AttentionData, logSums: Tensor) {
        (self.shape, self.data, self.logSums) = (shape, data, logSums)
    }

    /// Visits the segment's rows block by block for every query head that shares `keyHead`. Rows are relative
    /// to the segment.
    func forEachBlock(_ segment: AttentionLayout.Segment, keyHead: Int, _ body: (Range<Int>, Int) -> Void) {
        let group = shape.heads / shape.keyHeads
        for head in keyHead * group..<(keyHead + 1) * group {
            for start in stride(from: 0, to: segment.queries.count, by: Self.blockRows) {
                body(start..<min(start + Self.blockRows, segment.queries.count), head)
            }
        }
    }

    /// `[rows, columns]` of scratch, number `slot`; a row's memory is whole vectors.
    private func matrix(_ slot: Int, _ rows: Int, _ columns: Int) -> MatrixView<Float> {
        let stride = max(16, (columns + 15) & ~15)
        let size = rows * stride
        if (scratch[slot]?.count ?? 0) < size || scratch[slot] == nil {
            scratch[slot] = Tensor(uninitialized: [max(size, 1)])
        }
        return MatrixView<Float>(
            (scratch[slot] ?? Tensor(uninitialized: [1])).pointer, rows: rows, columns: columns,
            stride: stride)
    }

    /// Columns of one head in the given rows.
    private func head(_ tensor: Tensor, _ rows: Range<Int>, _ head: Int) -> MatrixView<Float> {
        MatrixView<Float>(
            tensor.pointer + rows.lowerBound * tensor.width + head * shape.headSize, rows: rows.count,
            columns: shape.headSize,
            stride: tensor.width)
    }

    /// A view of some columns and rows, and of its bf16 copy where there is one.
    private struct Views {
        let float: MatrixView<Float>
        let half: MatrixView<UInt16>?
    }

    private func head(_ operand: Operand, _ rows: Range<Int>, _ head: Int) -> Views {
        Views(
            float: self.head(operand.float, rows, head),
            half: operand.half.map { half in
                MatrixView<UInt16>(
                    half.pointer + rows.lowerBound * half.width + head * shape.headSize, rows: rows.count,
                    columns: shape.headSize, stride: half.width)
            })
    }

    /// Scores or probabilities, rounded to bf16 where the block computes in it; the copy holds until the next
    /// one is made.
    private func rounded(_ matrix: MatrixView<Float>) -> Views {
        guard data.q.half != nil else { return Views(float: matrix, half: nil) }
        let count = matrix.rows * matrix.stride
        if (halfScratch?.count ?? 0) < count || halfScratch == nil {
            halfScratch = HalfTensor(uninitialized: [max(count, 1)])
        }
        let half = halfScratch ?? HalfTensor(uninitialized: [max(count, 1)])
        ck_to_bfloat16(matrix.pointer, half.pointer, count)
        return Views(
            float: matrix,
            half: MatrixView<UInt16>(
                half.pointer, rows: matrix.rows, columns: matrix.columns, stride: matrix.stride))
    }

    private func product(
        _ a: Views, _ opA: Transposition, _ b: Views, _ opB: Transposition, into c: MatrixView<Float>,
        beta: Float = 0
    ) {
        if let aHalf = a.half, let bHalf = b.half {
            multiply(aHalf, opA, bHalf, opB, into: c, beta: beta)
        } else {
            multiply(a.float, opA, b.float, opB, into: c, beta: beta)
        }
    }

    private func selfScores(_ queries: MatrixView<Float>, _ ownKeys: MatrixView<Float>) -> [Float] {
        (0..<queries.rows).map {
            Float(
                ck_dot(
                    queries.pointer + $0 * queries.stride, ownKeys.pointer + $0 * ownKeys.stride,
                    shape.headSize))
        }
    }

    /// Needs of both directions: the views of a block and its raw scores.
    private struct Scores {
        let rows: Range<Int>  // of the whole batch
        let queries, keys, values: Views
        let scores: MatrixView<Float>
        let ownKeys, ownValues: MatrixView<Float>?
        var own: [Float]  // self scores, then probabilities; empty without own keys
        let visible: [Int32]
    }

    private func scores(_ segment: AttentionLayout.Segment, _ block: Range<Int>, _ head: Int) -> Scores {
        let rows =
            segment.queries.lowerBound + block.lowerBound..<segment.queries.lowerBound + block.upperBound
        let visible = Array(segment.visible[block])
        let width = Int(visible.max() ?? 0)
        let keyHead = head / (shape.heads / shape.keyHeads)
        let trunk = segment.keys.lowerBound..<segment.keys.lowerBound + width
        let queries = self.head(data.q, rows, head)
        let keys = self.head(data.trunkKeys, trunk, keyHead)
        let scores = matrix(0, rows.count, width)
        product(queries, .plain, keys, .transposed, into: scores)
        let ownKeys = segment.seesItself ? data.ownKeys.map { self.head($0, rows, keyHead) } : nil
        let ownValues = segment.seesItself ? data.ownValues.map { self.head($0, rows, keyHead) } : nil
        precondition(
            !segment.seesItself || ownKeys != nil,
            "attention: a segment sees itself but there are no own keys")
        return Scores(
            rows: rows, queries: queries, keys: keys, values: self.head(data.trunkValues, trunk, keyHead),
            scores: scores,
            ownKeys: ownKeys, ownValues: ownValues, own: ownKeys.map { selfScores(queries.float, $0) } ?? [],
            visible: visible)
    }

    /// One row alone: a decoding step. Matrix products would cost more to call than to compute.
    private func forwardRow(_ segment: AttentionLayout.Segment, _ head: Int, into y: Tensor) {
        let (row, visible) = (segment.queries.lowerBound, Int(segment.visible[0]))
        let keyHead = head / (shape.heads / shape.keyHeads)
        let (column, keyColumn) = (head * shape.headSize, keyHead * shape.headSize)
        let width = data.trunkKeys.float.width
        let trunk = segment.keys.lowerBound * width + keyColumn
        let own = segment.seesItself ? row * width + keyColumn : nil
        ck_attend_row(
            data.q.float.pointer + row * data.q.float.width + column, data.trunkKeys.float.pointer + trunk,
            width,
            data.trunkValues.float.pointer + trunk, width, visible,
            own.flatMap { at in data.ownKeys.map { UnsafePointer($0.pointer + at) } },
            own.flatMap { at in data.ownValues.map { UnsafePointer($0.pointer + at) } }, shape.headSize,
            shape.scale,
            matrix(0, 1, visible + 1).pointer, y.pointer + row * y.width + column,
            logSums.pointer + row * shape.heads + head)
    }

    func forward(_ segment: AttentionLayout.Segment, _ block: Range<Int>, _ head: Int, into y: Tensor) {
        if segment.queries.count == 1 {
            precondition(
                !segment.seesItself || data.ownKeys != nil,
                "attention: a segment sees itself but there are no own keys")
            return forwardRow(segment, head, into: y)
        }
        var s = scores(segment, block, head)
        let logSum = logSums.pointer + s.rows.lowerBound * shape.heads + head
        s.own.withUnsafeMutableBufferPointer { own in
            ck_prefix_softmax(
                s.scores.pointer, own.isEmpty ? nil : own.baseAddress, s.visible, shape.scale, logSum,
                shape.heads, s.rows.count, s.scores.columns,
                s.scores.stride)
        }
        let output = self.head(y, s.rows, head)
        product(rounded(s.scores), .plain, s.values, .plain, into: output)
        guard let ownValues = s.ownValues else { return }
        for (row, probability) in s.own.enumerated() {
            ck_add_scaled(
                output.pointer + row * output.stride, ownValues.pointer + row * ownValues.stride, probability,
                shape.headSize)
        }
    }

    func backward(
        _ segment: AttentionLayout.Segment, _ block: Range<Int>, _ head: Int, y: Tensor, dy: Operand,
        into gradient: AttentionGradient
    ) {
        var s = scores(segment, block, head)
        let logSum = logSums.pointer + s.rows.lowerBound * shape.heads + head
        s.own.withUnsafeMutableBufferPointer { own in
            ck_prefix_softmax_again(
                s.scores.pointer, own.isEmpty ? nil : own.baseAddress, s.visible, shape.scale, logSum,
                shape.heads, s.rows.count, s.scores.columns,
                s.scores.stride)
        }
        let (output, dOutput) = (self.head(y, s.rows, head), self.head(dy, s.rows, head))
        let dFloat = dOutput.float
        let size = shape.headSize
        // Sum over all keys of p dp equals y · dy, so the row's own key is in it already.
        let d = (0..<s.rows.count).map {
            Float(ck_dot(output.pointer + $0 * output.stride, dFloat.pointer + $0 * dFloat.stride, size))
        }
        let keyHead = head / (shape.heads / shape.keyHeads)
        let trunk = segment.keys.lowerBound..<segment.keys.lowerBound + s.scores.columns
        let dValues = self.head(gradient.dTrunkValues, trunk, keyHead)
        product(rounded(s.scores), .transposed, dOutput, .plain, into: dValues, beta: 1)
        let dScores = matrix(1, s.rows.count, s.scores.columns)
        product(dOutput, .plain, s.values, .transposed, into: dScores)
        ck_softmax_gradient(
            s.scores.pointer, dScores.pointer, d, shape.scale, s.rows.count, dScores.columns, dScores.stride)
        let dq = self.head(gradient.dq, s.rows, head)
        let dRounded = rounded(dScores)
        product(dRounded, .plain, s.keys, .plain, into: dq)
        product(
            dRounded, .transposed, s.queries, .plain, into: self.head(gradient.dTrunkKeys, trunk, keyHead),
            beta: 1)
        guard let ownKeys = s.ownKeys, let ownValues = s.ownValues, let dOwnKeys = gradient.dOwnKeys,
            let dOwnValues = gradient.dOwnValues
        else { return }
        let (dk, dv) = (self.head(dOwnKeys, s.rows, keyHead), self.head(dOwnValues, s.rows, keyHead))
        for (row, p) in s.own.enumerated() {
            let g = dFloat.pointer + row * dFloat.stride
            let dp = Float(ck_dot(g, ownValues.pointer + row * ownValues.stride, size))
            let ds = p * (dp - d[row]) * shape.scale
            ck_add_scaled(dq.pointer + row * dq.stride, ownKeys.pointer + row * ownKeys.stride, ds, size)
            ck_add_scaled(
                dk.pointer + row * dk.stride, s.queries.float.pointer + row * s.queries.float.stride, ds, size
            )
            ck_add_scaled(dv.pointer + row * dv.stride, g, p, size)
        }
    }
}
