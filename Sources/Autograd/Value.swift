import Foundation
import Tensors

/// A tensor and its place on the tape.
///
/// The tape does not hold the tensor (`TapeNode`). Without anything to train below it a value has no node,
/// and nothing is kept for it.
public final class Value {
    /// Size of each dimension.
    public let shape: [Int]
    private let held: Tensor?
    /// Values that matrix products read in place of `data` where they run in bf16; nil: they run in float32.
    public let half: HalfTensor?
    /// A weight's values in 8 bits, where its products run in int8.
    public let bytes: ByteMatrix?
    /// What products with it multiply: its values in 8 bits or in bf16, where there are some, unless it is to
    /// be exact.
    public let products: Precision
    /// An activation's values in bf16 and in 8 bits, kept for the products that read them.
    private var rounded: HalfTensor?
    private var roundedToBytes: ByteMatrix?
    /// A constant's values in bf16 as products of many chunks of rows read them, laid out once and kept;
    /// replicas and parts of a pass ask for them side by side.
    private var laidOut: PackedMatrix?
    private static let layingOut = NSLock()
    /// Node that the gradient goes to; nil: none is wanted. An operation keeps the nodes of its inputs, and
    /// of their data what it reads.
    public let node: TapeNode?

    /// A leaf.
    ///
    /// - Parameter half: the same values for products in bf16
    public init(_ data: Tensor, half: HalfTensor? = nil, requiresGradient: Bool = false) {
        (held, self.half, bytes, shape) = (data, half, nil, data.shape)
        products = half == nil ? .fp32 : .bf16
        node = requiresGradient ? TapeNode(shape: data.shape) : nil
    }

    /// A constant of which there are the bf16 values only.
    ///
    /// - Parameter products: fp32: products are those with its values in float32, to the last bit
    public init(_ half: HalfTensor, products: Precision = .bf16) {
        (held, self.half, bytes, shape, self.products) = (nil, half, nil, half.shape, products)
        node = nil
    }

    /// A constant of which there are the values in 8 bits only.
    public init(_ bytes: ByteMatrix) {
        (held, half, self.bytes, shape) = (nil, nil, bytes, [bytes.rows, bytes.width])
        products = .int8
        node = nil
    }

    /// The result of an operation.
    ///
    /// - Parameters:
    ///   - parents: what the result was computed from
    ///   - pullback: given d loss / d data, which it may keep or overwrite, adds its share to the gradient of
    ///     each parent's node
    public init(_ data: Tensor, from parents: [Value], pullback: @escaping (Tensor) -> Void) {
        (held, half, bytes, shape, products) = (data, nil, nil, data.shape, .fp32)
        let nodes = parents.compactMap(\.node)
        node = nodes.isEmpty ? nil : TapeNode(shape: data.shape, parents: nodes, pullback: pullback)
    }

    /// The values in float32; expanded at every call where only those of fewer bits are kept.
    public var data: Tensor {
        if let held { return held }
        if let bytes { return bytes.expanded() }
        guard let half else { preconditionFailure("Value: no values of any type") }
        return half.expanded()
    }

    /// Whether `data` is at hand.
    public var holdsFloats: Bool { held != nil }

    /// The values in bf16, rounded once and kept.
    public func halved() -> HalfTensor {
        if let known = half ?? rounded { return known }
        let values = HalfTensor(data)
        rounded = values
        return values
    }

    /// An activation's values in 8 bits, rounded once and kept.
    public func inBytes() -> ByteMatrix {
        if let roundedToBytes { return roundedToBytes }
        let values = ByteMatrix(data)
        roundedToBytes = values
        return values
    }

    /// The given rows in the given order in float32, `[indices.count, width]`.
    func gatheringRows(_ indices: [Int32]) -> Tensor {
        if let held { return held.gatheringRows(indices) }
        return bytes?.gatheringRows(indices) ?? halved().gatheringRows(indices)
    }

    /// Tells the value that `data` was changed in place: whoever reads the bf16 values must see it.
    public func dataChanged() {
        if let held { half?.update(from: held) }
    }

    /// A larger matrix is laid out at each product instead of held twice: the head of Qwen2-7B, say, whose
    /// values products read in the mapped file.
    private static let mostBytesLaidOut = 1 << 29

    /// A weight's values for products `x Wᵀ` in bf16, laid out: those of a constant once, of others at each
    /// call, because they change where they lie. Nil where its products are others, and of a large matrix.
    func packed() -> PackedMatrix? {
        guard products == .bf16, let half,
            half.count * MemoryLayout<UInt16>.stride <= Self.mostBytesLaidOut
        else { return nil }
        guard held == nil else { return PackedMatrix(half, .transposed) }
        return Self.layingOut.withLock {
            if laidOut == nil { laidOut = PackedMatrix(half, .transposed) }
            return laidOut
        }
    }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Size of the last dimension.
    public var width: Int { shape.last ?? 1 }
    /// Number of rows of the last dimension.
    public var rows: Int { width == 0 ? 0 : count / width }

    /// Whether a gradient is wanted.
    public var requiresGradient: Bool { node != nil }

    /// d loss / d data, same shape; nil before `backward` reaches a leaf.
    public var gradient: Tensor? { node?.gradient }

    /// Forgets the gradient.
    public func clearGradient() { node?.clearGradient() }

    /// Gives the gradient up; nil where none arrived.
    public func takeGradient() -> Tensor? { node?.takeGradient() }

    /// Sends `seed` (d loss / d data; 1 for a scalar loss) back through the tape.
    ///
    /// - Parameter finished: called for each leaf as soon as nothing will reach it any more
    public func backward(_ seed: Tensor? = nil, finished: ((_ leaf: TapeNode) -> Void)? = nil) {
        Autograd.backward([(self, seed ?? Value.ones(shape))], finished: finished)
    }

    private static func ones(_ shape: [Int]) -> Tensor {
        let tensor = Tensor(uninitialized: shape)
        tensor.fill(1)
        return tensor
    }
}
