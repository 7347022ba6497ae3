/// A row-major matrix somewhere in memory, possibly a column slice of a wider one.
public struct MatrixView<Element>: @unchecked Sendable {
    /// First element.
    public let pointer: UnsafeMutablePointer<Element>
    /// Number of rows.
    public let rows: Int
    /// Number of columns.
    public let columns: Int
    public let stride: Int  // elements from one row to the next

    public init(_ pointer: UnsafeMutablePointer<Element>, rows: Int, columns: Int, stride: Int) {
        (self.pointer, self.rows, self.columns, self.stride) = (pointer, rows, columns, stride)
    }

    func rows(_ range: Range<Int>) -> Self {
        Self(pointer + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    func columns(_ range: Range<Int>) -> Self {
        Self(pointer + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }
}

extension MatrixView<Float> {
    public init(_ tensor: Tensor) {
        self.init(tensor.pointer, rows: tensor.rows, columns: tensor.width, stride: tensor.width)
    }
}

extension MatrixView<UInt16> {
    public init(_ tensor: HalfTensor) {
        self.init(tensor.pointer, rows: tensor.rows, columns: tensor.width, stride: tensor.width)
    }
}

/// Form in which a factor is taken.
public enum Transposition: Sendable { case plain, transposed }

/// Parts of a side of a product, at most one for each processor, cut at multiples of 16, where the kernels'
/// tiles end.
func cutsOfProduct(_ side: Int, pieces most: Int = Machine.processors) -> [Range<Int>] {
    let pieces = min(most, max(1, side / 16))
    return (0..<pieces).map { piece in
        let start = piece == 0 ? 0 : (side * piece / pieces) & ~15
        let end = piece == pieces - 1 ? side : (side * (piece + 1) / pieces) & ~15
        return start..<end
    }
}

/// `c = op(a) op(b)` cut into pieces of `c`, each computed on whichever processor is free.
struct SplitProduct<A, B>: Sendable {
    let a: MatrixView<A>
    let opA: Transposition
    let b: MatrixView<B>
    let opB: Transposition
    let c: MatrixView<Float>

    var inner: Int { opA == .plain ? a.columns : a.rows }

    /// Asked of a whole product, so that a result does not depend on how many processors share it.
    func kernel(_ precision: Precision, alpha: Float = 1, beta: Float) -> ProductKernel {
        .chosen(
            rows: c.rows, columns: c.columns, inner: inner, alongRows: isOfRows(alpha, beta),
            precision: precision)
    }

    /// Whether this is `a bᵀ` and nothing else.
    func isOfRows(_ alpha: Float, _ beta: Float) -> Bool {
        opA == .plain && opB == .transposed && alpha == 1 && beta == 0
    }

    /// Runs pieces of a whole product that this kernel computes.
    func run(by kernel: ProductKernel, _ product: @escaping @Sendable (SplitProduct) -> Void) {
        let isShort = Double(c.rows) * Double(c.columns) * Double(inner) < 3e7
        switch kernel {
        case .rows where isShort, .rowsHalf where isShort: runShort(product)
        default: run(product)
        }
    }

    /// Refuses operands that do not fit.
    func check() {
        precondition(
            (opA == .plain ? a.rows : a.columns) == c.rows
                && (opB == .plain ? b.columns : b.rows) == c.columns
                && (opB == .plain ? b.rows : b.columns) == inner,
            "multiply: [\(a.rows), \(a.columns)] \(opA) x [\(b.rows), \(b.columns)] \(opB) "
                + "into [\(c.rows), \(c.columns)]"
        )
    }

    /// Splits over the longer side of `c`, if the product is worth a second thread.
    func run(_ product: @Sendable (SplitProduct) -> Void) {
        let work = Double(c.rows) * Double(c.columns) * Double(inner)
        guard work > 2e6, Machine.processors > 1 else { return product(self) }
        let byRows = c.rows >= c.columns
        let side = byRows ? c.rows : c.columns
        let cuts = cutsOfProduct(side)
        parallelTasks(cuts.count) { product(byRows ? rows(cuts[$0]) : columns(cuts[$0])) }
    }

    /// The same for a few rows, where reading `b` is most of the work and is over in some ten microseconds.
    func runShort(_ product: @escaping @Sendable (SplitProduct) -> Void) {
        let work = c.columns * inner
        guard work * max(1, c.rows / 8) > 100_000, Machine.processors > 1 else { return product(self) }
        // Where there is more of it, more pieces than threads: none waits long for another.
        let cuts = cutsOfProduct(c.columns, pieces: Machine.processors * (work > 4_000_000 ? 8 : 1))
        ShortWork.shared.run(cuts.count) { product(self.columns(cuts[$0])) }
    }

    private func rows(_ range: Range<Int>) -> Self {
        Self(a: opA == .plain ? a.rows(range) : a.columns(range), opA: opA, b: b, opB: opB, c: c.rows(range))
    }

    private func columns(_ range: Range<Int>) -> Self {
        Self(
            a: a, opA: opA, b: opB == .plain ? b.columns(range) : b.rows(range), opB: opB, c: c.columns(range)
        )
    }
}
