import CDNNL
import CKernels
import COpenBLAS

/// Rows up to which reading the matrix is what a product costs.
package let fewRows = 4

extension Transposition {
    /// As BLAS spells it: `N` or `T`.
    var letter: CChar { self == .plain ? 78 : 84 }
}

/// Where oneDNN's float32 products are 5 to 12 % faster than OpenBLAS' (docs/performance.md): AVX-512, and neither side small.
private let prefersDNNL = cdnnl_has_avx512() != 0

/// `c = alpha * op(a) op(b) + beta * c` on the calling thread.
public func multiply(
    _ a: MatrixView<Float>, _ opA: Transposition = .plain, _ b: MatrixView<Float>,
    _ opB: Transposition = .plain,
    into c: MatrixView<Float>, alpha: Float = 1, beta: Float = 0
) {
    let product = SplitProduct(a: a, opA: opA, b: b, opB: opB, c: c)
    product.check()
    guard c.rows > 0, c.columns > 0 else { return }
    if c.rows <= fewRows, opA == .plain, opB == .transposed, alpha == 1, beta == 0 {
        ck_few_rows(
            a.pointer, c.rows, a.stride, b.pointer, c.columns, product.inner, b.stride, c.pointer, c.stride)
    } else if c.rows == 1 {
        // One row is a matrix times a vector. The general product would pack the matrix first.
        cblas_sgemv(
            CblasRowMajor, opB == .plain ? CblasTrans : CblasNoTrans, blasint(b.rows), blasint(b.columns),
            alpha, b.pointer, blasint(max(1, b.stride)), a.pointer,
            blasint(opA == .plain ? 1 : max(1, a.stride)),
            beta, c.pointer, 1)
    } else if prefersDNNL, c.rows >= 96, c.columns >= 96, product.inner >= 64,
        cdnnl_gemm(
            opA.letter, opB.letter, Int64(c.rows), Int64(c.columns), Int64(product.inner), alpha, a.pointer,
            Int64(a.stride), b.pointer, Int64(b.stride), beta, c.pointer, Int64(c.stride)) == 0
    {
        return
    } else {
        cblas_sgemm(
            CblasRowMajor, opA == .plain ? CblasNoTrans : CblasTrans,
            opB == .plain ? CblasNoTrans : CblasTrans,
            blasint(c.rows), blasint(c.columns), blasint(product.inner), alpha, a.pointer,
            blasint(max(1, a.stride)), b.pointer, blasint(max(1, b.stride)), beta, c.pointer,
            blasint(max(1, c.stride)))
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
    whole.run { multiply($0.a, opA, $0.b, opB, into: $0.c, alpha: alpha, beta: beta) }
}

/// `c = op(a) op(b) + beta * c` with factors in bf16 and sums in float32, on the calling thread. The processor must have bf16.
public func multiply(
    _ a: MatrixView<UInt16>, _ opA: Transposition = .plain, _ b: MatrixView<UInt16>,
    _ opB: Transposition = .plain,
    into c: MatrixView<Float>, beta: Float = 0
) {
    let product = SplitProduct(a: a, opA: opA, b: b, opB: opB, c: c)
    product.check()
    guard c.rows > 0, c.columns > 0 else { return }
    if product.isSmall, beta == 0 || beta == 1,
        ck_bfloat16_product(
            ck_half_matrix(at: a.pointer, stride: max(1, a.stride), transposed: opA == .plain ? 0 : 1),
            ck_half_matrix(at: b.pointer, stride: max(1, b.stride), transposed: opB == .plain ? 0 : 1),
            c.pointer, max(1, c.stride), c.rows, c.columns, product.inner, beta == 0 ? 0 : 1) == 0
    {
        return
    }
    let done = cdnnl_bf16_gemm(
        opA.letter, opB.letter, Int64(c.rows), Int64(c.columns), Int64(product.inner), 1, a.pointer,
        Int64(max(1, a.stride)), b.pointer, Int64(max(1, b.stride)), beta, c.pointer, Int64(max(1, c.stride)))
    precondition(
        done == 0, "multiply: oneDNN refused a bf16 product of [\(c.rows), \(product.inner), \(c.columns)]")
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
    whole.run { multiply($0.a, opA, $0.b, opB, into: $0.c, beta: beta) }
}

/// `c = a bᵀ` for rows in float32 and a matrix in bf16: a few rows as they are, more of them rounded to bf16.
public func multiply(_ a: Tensor, transposed b: HalfTensor, into c: Tensor) {
    guard a.rows <= fewRows else { return multiply(HalfTensor(a), .plain, b, .transposed, into: c) }
    let whole = SplitProduct(
        a: MatrixView(a), opA: .plain, b: MatrixView(b), opB: .transposed, c: MatrixView(c))
    whole.check()
    whole.run { part in
        ck_few_rows_bfloat16(
            part.a.pointer, part.c.rows, part.a.stride, part.b.pointer, part.c.columns, part.inner,
            part.b.stride, part.c.pointer, part.c.stride)
    }
}
