import CKernels

/// Items of an elementwise loop worth a second thread.
package let elementwiseGrain = 1 << 16

extension Tensor {
    /// `a + b`, of the shape of `a`.
    public convenience init(sumOf a: Tensor, _ b: Tensor) {
        precondition(a.count == b.count, "sum: \(a.shape) and \(b.shape)")
        self.init(uninitialized: a.shape)
        parallel(count, grain: elementwiseGrain) { [self] range in
            let start = range.lowerBound
            ck_sum(a.pointer + start, b.pointer + start, pointer + start, range.count)
        }
    }

    /// `self += other`
    public func add(_ other: Tensor, times factor: Float = 1) {
        precondition(other.count == count, "add: \(other.shape) to \(shape)")
        parallel(count, grain: elementwiseGrain) { [self] range in
            if factor == 1 {
                ck_add(pointer + range.lowerBound, other.pointer + range.lowerBound, range.count)
            } else {
                ck_add_scaled(
                    pointer + range.lowerBound, other.pointer + range.lowerBound, factor, range.count)
            }
        }
    }

    /// `self *= factor`
    public func scale(by factor: Float) { ck_scale(pointer, factor, count) }

    /// Sum of squares in double precision.
    public var sumOfSquares: Double { ck_sum_of_squares(pointer, count) }

    /// The given rows in the given order, `[indices.count, width]`.
    public func gatheringRows(_ indices: [Int32]) -> Tensor {
        let result = Tensor(uninitialized: [indices.count, width])
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && Int(index) < rows, "gatherRows: row \(index) of \(rows)")
            (result.pointer + row * width).update(from: pointer + Int(index) * width, count: width)
        }
        return result
    }
}
