import CDNNL
import CKernels
import COpenBLAS

/// The programs that compute a matrix product on one thread. `multiply` picks one by the sides; a benchmark
/// asks each.
package enum ProductKernel: String, CaseIterable, Sendable {
    case openBLAS = "openblas_fp32"
    case dnnl = "onednn_fp32"
    case rows = "own_fp32_rows"
    case dnnlHalf = "onednn_bf16"
    case panelsHalf = "own_bf16"
    case tilesHalf = "own_bf16_tiles"
    case rowsHalf = "own_bf16_rows"

    /// Precision of the factors; the sums are float32.
    package var precision: Precision {
        switch self {
        case .openBLAS, .dnnl, .rows: .fp32
        case .dnnlHalf, .panelsHalf, .tilesHalf, .rowsHalf: .bf16
        }
    }

    /// Whether this processor has its instructions.
    package var isHere: Bool {
        switch self {
        case .openBLAS, .dnnl: true
        case .rows: Self.hasAVX512
        case .dnnlHalf, .panelsHalf, .rowsHalf: Precision.bf16.supported == .bf16
        case .tilesHalf: Self.hasTiles
        }
    }

    /// Kernel that `multiply` takes on this processor for more than a few rows.
    ///
    /// - Parameter alongRows: the product is `a bᵀ` and nothing else
    package static func chosen(
        rows m: Int, columns n: Int, inner k: Int, alongRows: Bool, precision: Precision
    ) -> ProductKernel {
        // With so few rows packing the matrix costs more than it gains. How many they are was measured
        // without tiles; that those gain from it with fewer is a guess from their rates.
        let readsInPlace = alongRows && n >= 64 && k >= 256
        switch precision.ofActivations {
        case .fp32 where readsInPlace && hasAVX512 && m <= 16:
            return .rows
        case .fp32:
            // Where oneDNN's float32 products are mostly the faster ones (docs/performance.md).
            return blasIsOlder || hasAVX512 && m >= 96 && n >= 96 && k >= 64 ? .dnnl : .openBLAS
        case .bf16 where readsInPlace && m <= (hasTiles ? 16 : 64):
            return .rowsHalf
        case .bf16, .int8:
            // Our own kernel on tiles is the fastest at all sides, the one without at small ones (same
            // place).
            return if k > 0, hasTiles {
                .tilesHalf
            } else if k > 0, min(m, n, k) <= 128, max(m, n, k) <= 4096 {
                .panelsHalf
            } else {
                .dnnlHalf
            }
        }
    }

    private static let hasAVX512 = cdnnl_has_avx512() != 0
    /// AMX, and Linux lets this process use it.
    package static let hasTiles = cdnnl_has_amx() != 0 && ck_ask_for_tiles() != 0

    /// An OpenBLAS older than its processor takes that for one of twenty years ago: 0.3.21 has kernels of
    /// `Prescott` for Emerald Rapids, a fifth as fast as oneDNN's.
    fileprivate static let blasIsOlder =
        cdnnl_has_avx2() != 0 && !Machine.blasCoresWithAVX2.contains(Machine.blasCore)
}

extension SplitProduct<Float, Float> {
    /// - Returns: false if the kernel refuses such a product
    func compute(_ kernel: ProductKernel, alpha: Float = 1, beta: Float = 0) -> Bool {
        switch kernel {
        case .openBLAS:
            cblas_sgemm(
                CblasRowMajor, opA == .plain ? CblasNoTrans : CblasTrans,
                opB == .plain ? CblasNoTrans : CblasTrans, blasint(c.rows), blasint(c.columns),
                blasint(inner),
                alpha, a.pointer, blasint(max(1, a.stride)), b.pointer, blasint(max(1, b.stride)), beta,
                c.pointer, blasint(max(1, c.stride)))
            return true
        case .dnnl:
            return cdnnl_gemm(
                opA.letter, opB.letter, Int64(c.rows), Int64(c.columns), Int64(inner), alpha, a.pointer,
                Int64(max(1, a.stride)), b.pointer, Int64(max(1, b.stride)), beta, c.pointer,
                Int64(max(1, c.stride))) == 0
        case .rows:
            return isOfRows(alpha, beta)
                && ck_rows_product(
                    a.pointer, c.rows, a.stride, b.pointer, c.columns, inner, b.stride, c.pointer, c.stride)
                    == 0
        case .dnnlHalf, .panelsHalf, .tilesHalf, .rowsHalf: return false
        }
    }
}

extension SplitProduct<UInt16, UInt16> {
    /// - Parameter beta: 0 or 1 for our own kernels
    /// - Returns: false if the kernel refuses such a product
    func compute(_ kernel: ProductKernel, beta: Float = 0) -> Bool {
        switch kernel {
        case .panelsHalf: computeByOurs(ck_bfloat16_product, beta: beta)
        case .tilesHalf: computeByOurs(ck_bfloat16_tiles_product, beta: beta)
        case .rowsHalf:
            isOfRows(1, beta)
                && ck_rows_product_bfloat16(
                    a.pointer, c.rows, a.stride, b.pointer, c.columns, inner, b.stride, c.pointer, c.stride)
                    == 0
        case .dnnlHalf:
            cdnnl_bf16_gemm(
                opA.letter, opB.letter, Int64(c.rows), Int64(c.columns), Int64(inner), 1, a.pointer,
                Int64(max(1, a.stride)), b.pointer, Int64(max(1, b.stride)), beta, c.pointer,
                Int64(max(1, c.stride))) == 0
        case .openBLAS, .dnnl, .rows: false
        }
    }

    private typealias OwnKernel =
        @convention(c) (
            ck_half_matrix, ck_half_matrix, UnsafeMutablePointer<Float>?, Int, Int, Int, Int, Int32
        ) -> Int32

    private func computeByOurs(_ kernel: OwnKernel, beta: Float) -> Bool {
        guard beta == 0 || beta == 1 else { return false }
        let a = ck_half_matrix(at: a.pointer, stride: max(1, a.stride), transposed: opA == .plain ? 0 : 1)
        let b = ck_half_matrix(at: b.pointer, stride: max(1, b.stride), transposed: opB == .plain ? 0 : 1)
        return kernel(
            a, b, c.pointer, max(1, c.stride), c.rows, c.columns, inner, beta == 0 ? 0 : 1) == 0
    }
}

extension Transposition {
    /// Letter of BLAS: `N` or `T`.
    fileprivate var letter: CChar { self == .plain ? 78 : 84 }
}

extension ProductKernel {
    /// `c = op(a) op(b)` by this kernel alone, on the calling thread.
    ///
    /// - Returns: false if it refuses such a product, or this processor has no such instructions
    package func multiply(
        _ a: (floats: Tensor, halves: HalfTensor), _ opA: Transposition,
        _ b: (floats: Tensor, halves: HalfTensor),
        _ opB: Transposition, into c: Tensor
    ) -> Bool {
        guard isHere else { return false }
        switch precision {
        case .fp32:
            let product = SplitProduct(
                a: MatrixView<Float>(a.floats), opA: opA, b: MatrixView<Float>(b.floats), opB: opB,
                c: MatrixView(c))
            product.check()
            return product.compute(self)
        case .bf16, .int8:
            let product = SplitProduct(
                a: MatrixView<UInt16>(a.halves), opA: opA, b: MatrixView<UInt16>(b.halves), opB: opB,
                c: MatrixView(c))
            product.check()
            return product.compute(self)
        }
    }
}

extension Machine {
    /// What multiplies matrices here, in words for a log.
    public static var kernels: String {
        let floats =
            ProductKernel.blasIsOlder
            ? "oneDNN (OpenBLAS knows this processor as \(blasCore))" : "OpenBLAS \(blasCore)"
        return ProductKernel.hasTiles ? "\(floats), bf16 on tiles" : floats
    }
}
