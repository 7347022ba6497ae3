import CKernels

/// A matrix in 8 bits, each row with a scale of its own: the weights of a frozen layer, by output channel, or
/// activations, row by row as they come.
///
/// Kept is what an orthogonal matrix makes of the rows, Hadamard's in blocks of `mixed` columns: it leaves
/// their products with each other as they are, and no element far larger than the others of its row, which
/// would take them the bits that they need (Ashkboos et al. 2024, QuaRot).
///
public final class ByteMatrix: @unchecked Sendable {
    /// Number of rows.
    public let rows: Int
    /// Size of a row.
    public let width: Int
    /// Columns that are mixed with each other: the largest power of two that divides the width, at most 512.
    let mixed: Int
    /// -127 to 127, row-major.
    let pointer: UnsafeMutablePointer<Int8>
    /// What a row's numbers are multiplied by, `[rows]`.
    let scales: Tensor

    /// Memory with whatever it held before.
    init(uninitialized rows: Int, width: Int) {
        (self.rows, self.width, scales) = (rows, width, Tensor(uninitialized: [rows]))
        mixed = min(512, 1 << max(width, 1).trailingZeroBitCount)
        pointer = Arena.take(bytes: rows * width).bindMemory(to: Int8.self, capacity: max(rows * width, 1))
    }

    /// The values rounded to nearest; a row that is not finite becomes NaN.
    ///
    /// - Parameter tensor: `[rows, width]`
    public convenience init(_ tensor: Tensor) {
        self.init(uninitialized: tensor.rows, width: tensor.width)
        round(tensor, from: 0)
    }

    /// The same of a matrix in bf16, which is not expanded whole.
    public convenience init(_ half: HalfTensor) {
        self.init(uninitialized: half.rows, width: half.width)
        let step = max(1, (1 << 20) / max(1, width))
        for start in stride(from: 0, to: rows, by: step) {
            round(half.gatheringRows((start..<min(rows, start + step)).map { Int32($0) }), from: start)
        }
    }

    deinit { Arena.giveBack(pointer, bytes: rows * width) }

    private func round(_ tensor: Tensor, from first: Int) {
        parallel(tensor.rows, grain: max(1, elementwiseGrain / max(1, width))) { [self] range in
            let target = first + range.lowerBound
            let scratch = Tensor(uninitialized: [width])
            withExtendedLifetime(scratch) {
                ck_round_rows(
                    tensor.pointer + range.lowerBound * width, range.count, width, mixed, scratch.pointer,
                    pointer + target * width, scales.pointer + target)
            }
        }
    }

    /// Bytes of memory that the matrix takes.
    public var bytes: Int { rows * width + scales.count * MemoryLayout<Float>.stride }

    /// The values in float32, `[rows, width]`.
    public func expanded() -> Tensor {
        let result = Tensor(uninitialized: [rows, width])
        parallel(rows, grain: max(1, elementwiseGrain / max(1, width))) { [self] range in
            for row in range { expand(row, to: result.pointer + row * width) }
        }
        return result
    }

    /// The given rows in the given order in float32, `[indices.count, width]`.
    public func gatheringRows(_ indices: [Int32]) -> Tensor {
        let result = Tensor(uninitialized: [indices.count, width])
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && Int(index) < rows, "gatherRows: row \(index) of \(rows)")
            expand(Int(index), to: result.pointer + row * width)
        }
        return result
    }

    private func expand(_ row: Int, to target: UnsafeMutablePointer<Float>) {
        ck_from_bytes(pointer + row * width, scales.pointer[row], mixed, target, width)
    }
}
