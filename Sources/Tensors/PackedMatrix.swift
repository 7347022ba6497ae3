import CKernels

/// A matrix in bf16 laid out once for many products `c = a op(b)`, each of which would lay it out again.
///
/// With the 128 rows of a chunk of the head a product takes 1.2 times as long without it
/// (docs/performance.md).
public final class PackedMatrix: Sendable {
    /// Size of the inner side.
    let inner: Int
    /// Columns of the result.
    let columns: Int
    private let parts: [Part]

    /// - Parameters:
    ///   - half: `[inner, columns]`, or `[columns, inner]` transposed
    /// - Returns: nil where there is nothing to multiply, and on a processor without bf16
    public init?(_ half: HalfTensor, _ op: Transposition = .plain) {
        let b = MatrixView<UInt16>(half)
        (inner, columns) = op == .plain ? (b.rows, b.columns) : (b.columns, b.rows)
        guard Precision.bf16.supported == .bf16, inner > 0, columns > 0 else { return nil }
        let layout = ProductKernel.hasTiles ? Layout.tiles : .panels
        let cuts = cutsOfProduct(columns)
        let inner = inner
        parts = parallelMap(cuts.count) { index in
            let piece = op == .plain ? b.columns(cuts[index]) : b.rows(cuts[index])
            return Part(piece, op, columns: cuts[index], inner: inner, layout: layout)
        }
    }

    /// `c = a op(b)` on all processors.
    fileprivate func multiply(_ a: MatrixView<UInt16>, into c: MatrixView<Float>) {
        parallelTasks(parts.count) { parts[$0].multiply(a, into: c.columns(parts[$0].columns)) }
    }

    /// Which kernel's order the words have.
    private enum Layout { case panels, tiles }

    /// Columns that one processor multiplies by.
    private final class Part: @unchecked Sendable {
        let columns: Range<Int>
        private let inner: Int
        private let layout: Layout
        /// Two values each, in the kernel's order; in a tensor, whose memory is aligned as kernels want it.
        private let words: Tensor

        init(_ b: MatrixView<UInt16>, _ op: Transposition, columns: Range<Int>, inner: Int, layout: Layout) {
            (self.columns, self.inner, self.layout) = (columns, inner, layout)
            let (count, lay) =
                switch layout {
                case .panels: (ck_bfloat16_packed_words(columns.count, inner), ck_bfloat16_pack)
                case .tiles: (ck_bfloat16_tiles_packed_words(columns.count, inner), ck_bfloat16_tiles_pack)
                }
            words = Tensor(uninitialized: [count])
            let matrix = ck_half_matrix(
                at: b.pointer, stride: max(1, b.stride), transposed: op == .plain ? 0 : 1)
            words.pointer.withMemoryRebound(to: UInt32.self, capacity: count) {
                lay(matrix, columns.count, inner, $0)
            }
        }

        func multiply(_ a: MatrixView<UInt16>, into c: MatrixView<Float>) {
            let kernel =
                switch layout {
                case .panels: ck_bfloat16_packed_product
                case .tiles: ck_bfloat16_tiles_packed_product
                }
            let status = words.pointer.withMemoryRebound(to: UInt32.self, capacity: words.count) {
                kernel(a.pointer, a.stride, $0, c.pointer, c.stride, c.rows, c.columns, inner)
            }
            precondition(
                status == 0, "multiply: no memory for a product of [\(c.rows), \(inner), \(c.columns)]")
        }
    }
}

/// `c = a op(b)` with factors in bf16 and sums in float32, on all processors.
///
/// - Parameters:
///   - a: `[m, inner]`
///   - c: `[m, columns]`
public func multiply(_ a: HalfTensor, _ b: PackedMatrix, into c: Tensor) {
    precondition(
        a.width == b.inner && a.rows == c.rows && c.width == b.columns,
        "multiply: [\(a.rows), \(a.width)] x [\(b.inner), \(b.columns)] into [\(c.rows), \(c.width)]")
    guard c.count > 0 else { return }
    b.multiply(MatrixView(a), into: MatrixView(c))
}
