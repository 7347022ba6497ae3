import Foundation

/// A contiguous, row-major float32 array. A view shares the memory of the tensor it was cut from.
///
/// Not synchronised: whoever hands a tensor to several threads makes sure that they write to different parts
/// of it.
public final class Tensor: @unchecked Sendable {
    /// Size of each dimension.
    public let shape: [Int]
    /// Number of elements.
    public let count: Int
    /// First element.
    public let pointer: UnsafeMutablePointer<Float>
    private let owner: Tensor?  // nil: this tensor gives the memory back

    /// Memory with whatever it held before.
    public init(uninitialized shape: [Int]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "Tensor: negative dimension in \(shape)")
        self.shape = shape
        count = shape.reduce(1, *)
        Machine.prepare()
        let raw = Arena.take(bytes: count * MemoryLayout<Float>.stride)
        pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
        owner = nil
    }

    private init(viewing owner: Tensor, offset: Int, shape: [Int]) {
        self.shape = shape
        count = shape.reduce(1, *)
        precondition(
            offset >= 0 && offset + count <= owner.count,
            "Tensor: view \(shape) at \(offset) leaves \(owner.shape)")
        pointer = owner.pointer + offset
        self.owner = owner
    }

    deinit {
        if owner == nil { Arena.giveBack(pointer, bytes: count * MemoryLayout<Float>.stride) }
    }

    public convenience init(zeros shape: [Int]) {
        self.init(uninitialized: shape)
        fill(0)
    }

    public convenience init(_ values: [Float], shape: [Int]) {
        self.init(uninitialized: shape)
        precondition(values.count == count, "Tensor: \(values.count) values for shape \(shape)")
        values.withUnsafeBufferPointer {
            if let base = $0.baseAddress { pointer.update(from: base, count: count) }
        }
    }

    /// Width of a row: the last dimension.
    public var width: Int { shape.last ?? 1 }
    /// Number of rows: the product of all dimensions but the last.
    public var rows: Int { width == 0 ? 0 : count / width }

    /// Elements as an array.
    public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// The same memory under another shape of equal count.
    public func reshaped(_ shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == count, "Tensor: \(self.shape) cannot become \(shape)")
        return Tensor(viewing: self, offset: 0, shape: shape)
    }

    /// A view of some rows, `[range.count, width]`.
    public func rows(_ range: Range<Int>) -> Tensor {
        Tensor(viewing: self, offset: range.lowerBound * width, shape: [range.count, width])
    }

    /// A tensor of its own with the same elements.
    public func copy() -> Tensor {
        let other = Tensor(uninitialized: shape)
        other.pointer.update(from: pointer, count: count)
        return other
    }

    /// Sets every element.
    public func fill(_ value: Float) {
        if value == 0 {
            memset(pointer, 0, count * MemoryLayout<Float>.stride)
        } else {
            pointer.update(repeating: value, count: count)
        }
    }

    /// Element of a matrix.
    public subscript(row: Int, column: Int) -> Float {
        get { pointer[row * width + column] }
        set { pointer[row * width + column] = newValue }
    }
}
