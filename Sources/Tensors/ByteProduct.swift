import CDNNL
import CKernels

/// `c = a bᵀ` with factors in 8 bits: whole numbers are multiplied and summed exactly, and the sums scaled.
///
/// - Parameters:
///   - a: `[m, k]`
///   - b: `[n, k]`
///   - c: `[m, n]`
public func multiply(_ a: ByteMatrix, transposed b: ByteMatrix, into c: Tensor) {
    let whole = SplitProduct(
        a: MatrixView(a), opA: .plain, b: MatrixView(b), opB: .transposed, c: MatrixView(c))
    whole.check()
    guard c.count > 0 else { return }
    whole.run { part in
        let done = c.pointer.distance(to: part.c.pointer)
        let (row, column) = (done / part.c.stride, done % part.c.stride)
        // The sums take the places of the results, which have as many bytes.
        let status = part.c.pointer.withMemoryRebound(to: Int32.self, capacity: 1) { sums -> Int32 in
            // Three to five times as fast as oneDNN's gemm (docs/performance.md).
            if ProductKernel.hasTiles,
                ck_bytes_tiles_product(
                    part.a.pointer, part.a.stride, part.b.pointer, part.b.stride, sums, part.c.stride,
                    part.c.rows, part.c.columns, part.inner) == 0
            {
                return 0
            }
            return cdnnl_s8_gemm(
                CChar(UInt8(ascii: "T")), Int64(part.c.rows), Int64(part.c.columns), Int64(part.inner),
                part.a.pointer, Int64(part.a.stride), part.b.pointer, Int64(part.b.stride), sums,
                Int64(part.c.stride))
        }
        precondition(
            status == 0,
            "multiply: oneDNN refused an int8 product of [\(part.c.rows), \(part.inner), \(part.c.columns)]")
        ck_scale_sums(
            part.c.pointer, part.c.stride, part.c.rows, part.c.columns, a.scales.pointer + row,
            b.scales.pointer + column)
    }
}

extension MatrixView<Int8> {
    init(_ matrix: ByteMatrix) {
        self.init(matrix.pointer, rows: matrix.rows, columns: matrix.width, stride: max(1, matrix.width))
    }
}
