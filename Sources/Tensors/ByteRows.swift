import CKernels

/// Activations in 8 bits, rounded row by row as they come, but for the few columns in which some are far
/// larger than the others of their row: those elements stay in bf16.
///
/// One such element would take the row's other numbers the bits they need (Dettmers et al. 2022, LLM.int8()).
/// What becomes of a row depends on that row alone as long as no more than `mostColumns` have any.
public final class ByteRows: @unchecked Sendable {
    /// Magnitude beyond which an element stays out, in root mean squares of its row.
    static let limit: Float = 5
    /// Columns of which elements may stay out at most, the largest: a product with all of them would cost
    /// more than the one that is saved.
    static func mostColumns(_ width: Int) -> Int { max(16, width / 16) }

    let numbers: ByteMatrix
    /// Columns of which some elements stay out, in order.
    let columns: [Int32]
    /// These elements, and 0 for the others of these columns, `[rows, columns.count]`.
    let outliers: HalfTensor

    /// - Parameter x: `[rows, width]`
    public init(_ x: Tensor) {
        let (rows, width) = (x.rows, x.width)
        let grain = max(1, elementwiseGrain / max(1, width))
        let rms = Tensor(uninitialized: [rows])
        let blocks = (rows + Self.blockRows - 1) / Self.blockRows
        let peaks = Tensor(zeros: [blocks, width])
        parallelTasks(blocks) { block in
            let start = block * Self.blockRows
            ck_row_peaks(
                x.pointer + start * width, min(Self.blockRows, rows - start), width, rms.pointer + start,
                peaks.pointer + block * width)
        }
        let columns = Self.outlying(peaks)
        let numbers = ByteMatrix(uninitialized: rows, width: width)
        let outliers = HalfTensor(uninitialized: [rows, columns.count])
        parallel(rows, grain: grain) { range in
            let first = range.lowerBound
            let scratch = Tensor(uninitialized: [width])
            withExtendedLifetime((scratch, rms)) {
                ck_quantize_rows(
                    x.pointer + first * width, range.count, width, rms.pointer + first, Self.limit, columns,
                    columns.count, scratch.pointer, numbers.pointer + first * width,
                    numbers.scales.pointer + first, outliers.pointer + first * columns.count)
            }
        }
        (self.numbers, self.columns, self.outliers) = (numbers, columns, outliers)
    }

    private static let blockRows = 128

    /// Columns whose largest peak is beyond the limit, in order.
    private static func outlying(_ peaks: Tensor) -> [Int32] {
        var found: [(column: Int32, peak: Float)] = []
        for column in 0..<peaks.width {
            let peak = stride(from: column, to: peaks.count, by: peaks.width).reduce(Float(0)) {
                max($0, peaks.pointer[$1])
            }
            if peak > limit { found.append((Int32(column), peak)) }
        }
        let most = mostColumns(peaks.width)
        if found.count > most {
            found = Array(found.sorted { ($0.peak, $1.column) > ($1.peak, $0.column) }[..<most])
        }
        return found.map(\.column).sorted()
    }
}
