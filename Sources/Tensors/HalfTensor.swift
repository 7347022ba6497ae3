import CKernels
import Foundation

/// A contiguous, row-major array of bfloat16: what matrix products read where they run in bf16. Everything
/// else is float32.
///
/// Not synchronised, like `Tensor`.
public final class HalfTensor: @unchecked Sendable {
    /// Size of each dimension.
    public let shape: [Int]
    /// Number of elements.
    public let count: Int
    /// First element.
    public let pointer: UnsafeMutablePointer<UInt16>
    /// Whose memory it is, where it is not the tensor's own.
    private let owner: AnyObject?

    /// Memory with whatever it held before.
    public init(uninitialized shape: [Int]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "HalfTensor: negative dimension in \(shape)")
        (self.shape, count, owner) = (shape, shape.reduce(1, *), nil)
        Machine.prepare()
        let raw = Arena.take(bytes: count * MemoryLayout<UInt16>.stride)
        pointer = raw.bindMemory(to: UInt16.self, capacity: max(count, 1))
    }

    /// Values in the memory of another, such as a mapped file: they may be read and not written.
    public init(_ values: UnsafePointer<UInt16>, shape: [Int], of owner: AnyObject) {
        precondition(shape.allSatisfy { $0 >= 0 }, "HalfTensor: negative dimension in \(shape)")
        (self.shape, count, self.owner) = (shape, shape.reduce(1, *), owner)
        pointer = UnsafeMutablePointer(mutating: values)
    }

    /// Whether the memory is another's.
    public var isBorrowed: Bool { owner != nil }

    /// The values rounded to nearest, ties to even.
    public convenience init(_ tensor: Tensor) {
        self.init(uninitialized: tensor.shape)
        update(from: tensor)
    }

    deinit {
        if owner == nil { Arena.giveBack(pointer, bytes: count * MemoryLayout<UInt16>.stride) }
    }

    /// Rounds new values into the same memory.
    public func update(from tensor: Tensor) {
        precondition(tensor.count == count && owner == nil, "HalfTensor: \(tensor.shape) into \(shape)")
        parallel(count, grain: elementwiseGrain) { [self] range in
            ck_to_bfloat16(tensor.pointer + range.lowerBound, pointer + range.lowerBound, range.count)
        }
    }

    /// Size of the last dimension.
    public var width: Int { shape.last ?? 1 }
    /// Number of rows of the last dimension.
    public var rows: Int { width == 0 ? 0 : count / width }

    /// The same values in float32.
    public func expanded() -> Tensor {
        let result = Tensor(uninitialized: shape)
        parallel(count, grain: elementwiseGrain) { [self] range in
            ck_from_bfloat16(pointer + range.lowerBound, result.pointer + range.lowerBound, range.count)
        }
        return result
    }

    /// The given rows in the given order in float32, `[indices.count, width]`.
    public func gatheringRows(_ indices: [Int32]) -> Tensor {
        let result = Tensor(uninitialized: [indices.count, width])
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && Int(index) < rows, "gatherRows: row \(index) of \(rows)")
            ck_from_bfloat16(pointer + Int(index) * width, result.pointer + row * width, width)
        }
        return result
    }
}
