import COpenBLAS

/// A row-major matrix somewhere in memory, possibly a column slice of a wider one.
public struct MatrixView: @unchecked Sendable {
    public let pointer: UnsafeMutablePointer<Float>
    public let rows: Int
    public let columns: Int
    public let stride: Int  // floats from one row to the next

    public init(_ pointer: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int) {
        (self.pointer, self.rows, self.columns, self.stride) = (pointer, rows, columns, stride)
    }

    public init(_ tensor: Tensor) {
        self.init(tensor.pointer, rows: tensor.rows, columns: tensor.width, stride: tensor.width)
    }
}

public enum Transposition: Sendable { case plain, transposed }

/// `c = alpha * op(a) op(b) + beta * c` on the calling thread.
public func multiply(
    _ a: MatrixView, _ opA: Transposition = .plain, _ b: MatrixView, _ opB: Transposition = .plain,
    into c: MatrixView, alpha: Float = 1, beta: Float = 0
) {
    let inner = opA == .plain ? a.columns : a.rows
    precondition(
        (opA == .plain ? a.rows : a.columns) == c.rows && (opB == .plain ? b.columns : b.rows) == c.columns
            && (opB == .plain ? b.rows : b.columns) == inner,
        "multiply: [\(a.rows), \(a.columns)] \(opA) x [\(b.rows), \(b.columns)] \(opB) into [\(c.rows), \(c.columns)]"
    )
    guard c.rows > 0, c.columns > 0 else { return }
    if c.rows == 1 {
        // One row is a matrix times a vector: decoding. The general product would pack the matrix first.
        cblas_sgemv(
            CblasRowMajor, opB == .plain ? CblasTrans : CblasNoTrans, blasint(b.rows), blasint(b.columns),
            alpha, b.pointer,
            blasint(max(1, b.stride)), a.pointer, blasint(opA == .plain ? 1 : max(1, a.stride)), beta,
            c.pointer, 1)
        return
    }
    cblas_sgemm(
        CblasRowMajor, opA == .plain ? CblasNoTrans : CblasTrans, opB == .plain ? CblasNoTrans : CblasTrans,
        blasint(c.rows), blasint(c.columns), blasint(inner), alpha, a.pointer, blasint(max(1, a.stride)),
        b.pointer, blasint(max(1, b.stride)), beta, c.pointer, blasint(max(1, c.stride)))
}

/// `c = alpha * op(a) op(b) + beta * c` on all processors, split over the longer side of `c`.
///
/// - Parameters:
///   - a: `[m, k]`, or `[k, m]` transposed
///   - b: `[k, n]`, or `[n, k]` transposed
///   - c: `[m, n]`
public func multiply(
    _ a: Tensor, _ opA: Transposition = .plain, _ b: Tensor, _ opB: Transposition = .plain,
    into c: Tensor, alpha: Float = 1, beta: Float = 0
) {
    let (a, b, c) = (MatrixView(a), MatrixView(b), MatrixView(c))
    let inner = opA == .plain ? a.columns : a.rows
    let work = Double(c.rows) * Double(c.columns) * Double(inner)
    guard work > 2e6, Machine.processors > 1 else {
        return multiply(a, opA, b, opB, into: c, alpha: alpha, beta: beta)
    }
    let byRows = c.rows >= c.columns
    let side = byRows ? c.rows : c.columns
    let pieces = min(Machine.processors, max(1, side / 16))
    parallelTasks(pieces) { piece in
        // Cut at multiples of 16, where the kernels' tiles end.
        let start = piece == 0 ? 0 : (side * piece / pieces) & ~15
        let end = piece == pieces - 1 ? side : (side * (piece + 1) / pieces) & ~15
        guard start < end else { return }
        if byRows {
            let part =
                opA == .plain
                ? MatrixView(
                    a.pointer + start * a.stride, rows: end - start, columns: a.columns, stride: a.stride)
                : MatrixView(a.pointer + start, rows: a.rows, columns: end - start, stride: a.stride)
            let target = MatrixView(
                c.pointer + start * c.stride, rows: end - start, columns: c.columns, stride: c.stride)
            multiply(part, opA, b, opB, into: target, alpha: alpha, beta: beta)
        } else {
            let part =
                opB == .plain
                ? MatrixView(b.pointer + start, rows: b.rows, columns: end - start, stride: b.stride)
                : MatrixView(
                    b.pointer + start * b.stride, rows: end - start, columns: b.columns, stride: b.stride)
            let target = MatrixView(c.pointer + start, rows: c.rows, columns: end - start, stride: c.stride)
            multiply(a, opA, part, opB, into: target, alpha: alpha, beta: beta)
        }
    }
}
