import CKernels
import COpenBLAS

/// Rows up to which reading the matrix is what a product costs.
package let fewRows = 4

/// `c = alpha * op(a) op(b) + beta * c` on the calling thread.
public func multiply(
    _ a: MatrixView<Float>, _ opA: Transposition = .plain, _ b: MatrixView<Float>,
    _ opB: Transposition = .plain,
    into c: MatrixView<Float>, alpha: Float = 1, beta: Float = 0
) {
    let product = SplitProduct(a: a, opA: opA, b: b, opB: opB, c: c)
    product.check()
    product.compute(by: product.kernel(.fp32, alpha: alpha, beta: beta), alpha: alpha, beta: beta)
}

extension SplitProduct<Float, Float> {
    func compute(by kernel: ProductKernel, alpha: Float, beta: Float) {
        guard c.rows > 0, c.columns > 0 else { return }
        if c.rows <= fewRows, isOfRows(alpha, beta) {
            ck_few_rows(
                a.pointer, c.rows, a.stride, b.pointer, c.columns, inner, b.stride, c.pointer, c.stride)
        } else if c.rows == 1 {
            // One row is a matrix times a vector. The general product would pack the matrix first.
            cblas_sgemv(
                CblasRowMajor, opB == .plain ? CblasTrans : CblasNoTrans, blasint(b.rows),
                blasint(b.columns), alpha, b.pointer, blasint(max(1, b.stride)), a.pointer,
                blasint(opA == .plain ? 1 : max(1, a.stride)), beta, c.pointer, 1)
        } else if !compute(kernel, alpha: alpha, beta: beta) {
            _ = compute(.openBLAS, alpha: alpha, beta: beta)
        }
    }
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
    let whole = SplitProduct(a: MatrixView(a), opA: opA, b: MatrixView(b), opB: opB, c: MatrixView(c))
    whole.check()
    let kernel = whole.kernel(.fp32, alpha: alpha, beta: beta)
    let compute = { @Sendable (part: SplitProduct<Float, Float>) in
        part.compute(by: kernel, alpha: alpha, beta: beta)
    }
    if c.rows <= fewRows, whole.isOfRows(alpha, beta) {
        whole.runShort(compute)
    } else {
        whole.run(by: kernel, compute)
    }
}

/// `c = op(a) op(b) + beta * c` with factors in bf16 and sums in float32, on the calling thread. The
/// processor must have bf16.
public func multiply(
    _ a: MatrixView<UInt16>, _ opA: Transposition = .plain, _ b: MatrixView<UInt16>,
    _ opB: Transposition = .plain,
    into c: MatrixView<Float>, beta: Float = 0
) {
    let product = SplitProduct(a: a, opA: opA, b: b, opB: opB, c: c)
    product.check()
    product.compute(by: product.kernel(.bf16, beta: beta), beta: beta)
}

extension SplitProduct<UInt16, UInt16> {
    fileprivate func compute(by kernel: ProductKernel, beta: Float) {
        guard c.rows > 0, c.columns > 0 else { return }
        let done = compute(kernel, beta: beta) || compute(.dnnlHalf, beta: beta)
        precondition(done, "multiply: oneDNN refused a bf16 product of [\(c.rows), \(inner), \(c.columns)]")
    }
}

/// `c = op(a) op(b) + beta * c` with factors in bf16 and sums in float32, on all processors.
public func multiply(
    _ a: HalfTensor, _ opA: Transposition = .plain, _ b: HalfTensor, _ opB: Transposition = .plain,
    into c: Tensor, beta: Float = 0
) {
    guard Precision.bf16.supported == .bf16 else {
        return multiply(a.expanded(), opA, b.expanded(), opB, into: c, beta: beta)
    }
    let whole = SplitProduct(a: MatrixView(a), opA: opA, b: MatrixView(b), opB: opB, c: MatrixView(c))
    whole.check()
    let kernel = whole.kernel(.bf16, beta: beta)
    whole.run(by: kernel) { $0.compute(by: kernel, beta: beta) }
}

/// `c = a bᵀ` for rows in float32 and a matrix in bf16: a few rows as they are, more of them rounded to bf16.
public func multiply(_ a: Tensor, transposed b: HalfTensor, into c: Tensor) {
    guard a.rows <= fewRows else { return multiply(HalfTensor(a), .plain, b, .transposed, into: c) }
    let whole = SplitProduct(
        a: MatrixView(a), opA: .plain, b: MatrixView(b), opB: .transposed, c: MatrixView(c))
    whole.check()
    guard c.count > 0 else { return }
    whole.runShort { part in
        ck_few_rows_bfloat16(
            part.a.pointer, part.c.rows, part.a.stride, part.b.pointer, part.c.columns, part.inner,
            part.b.stride, part.c.pointer, part.c.stride)
    }
}
