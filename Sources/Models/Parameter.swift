import Autograd
import Files
import Tensors

/// The parts of a model.
public enum ModelPart: String, CaseIterable, Sendable, Codable { case vision, projector, language }

/// A weight of a model.
public struct Parameter {
    /// The name in the module tree of transformers 5, such as
    /// `model.language_model.layers.0.mlp.up_proj.weight`.
    public let name: String
    /// A leaf; it requires a gradient if it is trained.
    public let value: Value
    /// The shape as stored; a convolution's weight has 4 dimensions there and 2 in `value`.
    public let shape: [Int]
    /// The type as stored.
    let type: ElementType
    /// The values as they were read, where memory holds them rounded.
    let unrounded: (() throws -> Tensor)?

    /// Bytes of memory that the values take: in float32, in bf16, both, or in 8 bits. Those of a mapped file
    /// count to none of them.
    public var heldBytes: Int {
        let half = value.half.map { $0.isBorrowed ? 0 : 2 } ?? 0
        return ((value.holdsFloats ? 4 : 0) + half) * value.count + (value.bytes?.bytes ?? 0)
    }

    /// Bytes that are read where the file has them: memory that processes share, and that the system may take
    /// back.
    public var mappedBytes: Int { value.half?.isBorrowed == true ? 2 * value.count : 0 }

    /// The values a checkpoint keeps.
    func stored() throws -> Tensor { try unrounded?() ?? value.data }
}

/// Source of weights: a checkpoint, or a random generator.
protocol WeightSource: AnyObject {
    /// A weight that is in memory already and is to be shared; nil for most sources.
    func shared(_ name: String) -> Parameter?

    /// Checks that there is a weight.
    ///
    /// - Returns: how it is stored; F32 for most sources
    func require(_ name: String, shape: [Int]) throws -> ElementType

    /// Writes a weight's values, row-major.
    func write(_ name: String, shape: [Int], as type: ElementType, to sink: any ByteSink) throws

    /// - Parameters:
    ///   - name: the canonical name, as in `Parameter`
    ///   - shape: the shape it must have
    /// - Returns: the values, `shape`
    func tensor(_ name: String, shape: [Int]) throws -> Tensor

    /// The same weight where it is stored in bf16 and can be used where it lies; nil for most sources.
    func mapped(_ name: String, shape: [Int], used: [Int]) throws -> HalfTensor?
}

extension WeightSource {
    func shared(_ name: String) -> Parameter? { nil }

    func require(_ name: String, shape: [Int]) throws -> ElementType { .float32 }

    func mapped(_ name: String, shape: [Int], used: [Int]) throws -> HalfTensor? { nil }

    func write(_ name: String, shape: [Int], as type: ElementType, to sink: any ByteSink) throws {
        try tensor(name, shape: shape).write(as: type, to: sink)
    }
}

extension Tensor {
    /// Writes the values, row-major, as F32, BF16 or F16.
    func write(as type: ElementType, to sink: any ByteSink) throws {
        try SafeTensorsWriter.write(
            UnsafeBufferPointer(start: pointer, count: count), as: type, to: sink)
    }
}

/// What a weight is for, which decides how few bits may hold it.
enum WeightUse {
    /// Added or multiplied element by element: in float32.
    case elementwise
    /// The matrix of a layer within the model.
    case layer
    /// The table of embeddings or the head, whose errors would be those of the logits: in bf16 at least.
    case vocabulary
}

/// A place in the tree of weights: `weights / "mlp" / "gate_proj"`.
struct WeightScope {
    let source: any WeightSource
    let path: String
    let trainable: TrainedWeights
    /// Precision of the matrices of products.
    let precision: Precision
    /// Whether frozen matrices that the file has in bf16 are read there in any precision.
    let mapped: Bool

    /// - Parameter precision: bf16 keeps frozen matrices in bf16, in the file where it has them so, and a
    ///   bf16 copy of those that are trained; int8 keeps those of the language model's layers in 8 bits and
    ///   treats all others as bf16 does
    init(
        _ source: any WeightSource, trainable: TrainedWeights, precision: Precision = .fp32,
        mapped: Bool = false
    ) {
        self.init(
            source: source, path: "", trainable: trainable, precision: precision.supported, mapped: mapped)
    }

    private init(
        source: any WeightSource, path: String, trainable: TrainedWeights, precision: Precision, mapped: Bool
    ) {
        (self.source, self.path, self.trainable) = (source, path, trainable)
        (self.precision, self.mapped) = (precision, mapped)
    }

    static func / (scope: WeightScope, name: String) -> WeightScope {
        WeightScope(
            source: scope.source, path: scope.path.isEmpty ? name : "\(scope.path).\(name)",
            trainable: scope.trainable, precision: scope.precision, mapped: scope.mapped)
    }

    static func / (scope: WeightScope, index: Int) -> WeightScope { scope / "\(index)" }

    /// The weight `name` of this place.
    ///
    /// - Parameters:
    ///   - used: the shape it has in memory, where that differs from the stored one
    ///   - use: what it is for
    func parameter(_ name: String, _ shape: [Int], used: [Int]? = nil, as use: WeightUse = .elementwise)
        throws -> Parameter
    {
        let full = (self / name).path
        let trains = trainable.contains(full)
        if let other = source.shared(full) {
            // A weight that learns there and not here must get no gradient from here.
            let value =
                trains || other.value.requiresGradient
                ? Value(other.value.data, half: other.value.half, requiresGradient: trains) : other.value
            return Parameter(
                name: full, value: value, shape: shape, type: other.type, unrounded: other.unrounded)
        }
        let type = try source.require(full, shape: shape)
        let read = { [source] in
            let tensor = try source.tensor(full, shape: shape)
            return used.map { tensor.reshaped($0) } ?? tensor
        }
        let isByte = use == .layer && precision == .int8 && !trains && ModelPart(name: full) == .language
        let isHalf = use != .elementwise && precision.ofActivations == .bf16
        if isByte || isHalf || (use != .elementwise && mapped), !trains,
            let values = try source.mapped(full, shape: shape, used: used ?? shape)
        {
            return Parameter(
                name: full,
                value: isByte
                    ? Value(ByteMatrix(values)) : Value(values, products: precision.ofActivations),
                shape: shape, type: type,
                unrounded: read)
        }
        let tensor = try read()
        if isByte {
            return Parameter(
                name: full, value: Value(ByteMatrix(tensor)), shape: shape, type: type, unrounded: read)
        }
        guard isHalf else {
            return Parameter(
                name: full, value: Value(tensor, requiresGradient: trains), shape: shape, type: type,
                unrounded: nil)
        }
        return trains
            ? Parameter(
                name: full, value: Value(tensor, half: HalfTensor(tensor), requiresGradient: true),
                shape: shape, type: type, unrounded: nil)
            : Parameter(
                name: full, value: Value(HalfTensor(tensor)), shape: shape, type: type, unrounded: read)
    }
}

extension ModelPart {
    /// The part a canonical name belongs to.
    public init(name: String) {
        self =
            name.hasPrefix(CheckpointNames.vision)
            ? .vision : name.hasPrefix(CheckpointNames.projector) ? .projector : .language
    }
}
