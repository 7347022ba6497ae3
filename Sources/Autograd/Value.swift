import Tensors

/// A tensor on the tape: its data, where it came from, and how to send a gradient back there.
///
/// A leaf (a parameter, or an input whose gradient is wanted) keeps its gradient; the others give theirs up as soon as it has been
/// passed on. Without anything to train below it a value keeps no tape, so inference frees memory as it goes.
public final class Value {
    public let shape: [Int]
    private let held: Tensor?
    /// What matrix products read in place of `data` where they run in bf16; nil: they run in float32.
    public let half: HalfTensor?
    /// An activation's values in bf16, kept for the products that read them.
    private var rounded: HalfTensor?
    public let requiresGradient: Bool
    /// d loss / d data, same shape; nil before `backward` reaches this value.
    public private(set) var gradient: Tensor?
    private var parents: [Value]
    private var pullback: ((Tensor) -> Void)?

    /// A leaf.
    ///
    /// - Parameter half: the same values for products in bf16
    public init(_ data: Tensor, half: HalfTensor? = nil, requiresGradient: Bool = false) {
        (held, self.half, shape) = (data, half, data.shape)
        self.requiresGradient = requiresGradient
        parents = []
    }

    /// A constant of which there are the bf16 values only.
    public init(_ half: HalfTensor) {
        (held, self.half, shape) = (nil, half, half.shape)
        requiresGradient = false
        parents = []
    }

    /// The result of an operation.
    ///
    /// - Parameters:
    ///   - parents: what the result was computed from
    ///   - pullback: given d loss / d data, which it may keep or overwrite, adds its share to the gradient of each parent
    public init(_ data: Tensor, from parents: [Value], pullback: @escaping (Tensor) -> Void) {
        (held, half, shape) = (data, nil, data.shape)
        requiresGradient = parents.contains { $0.requiresGradient }
        self.parents = requiresGradient ? parents.filter(\.requiresGradient) : []
        self.pullback = requiresGradient ? pullback : nil
    }

    /// The values in float32; expanded at every call where only the bf16 ones are kept.
    public var data: Tensor {
        if let held { return held }
        guard let half else { preconditionFailure("Value: neither float32 nor bf16") }
        return half.expanded()
    }

    /// Whether `data` is at hand.
    var holdsFloats: Bool { held != nil }

    /// The values in bf16, rounded once and kept.
    public func halved() -> HalfTensor {
        if let known = half ?? rounded { return known }
        let values = HalfTensor(data)
        rounded = values
        return values
    }

    /// Says that `data` was changed in place: whoever reads the bf16 values must see it.
    public func dataChanged() {
        if let held { half?.update(from: held) }
    }

    public var count: Int { shape.reduce(1, *) }
    public var width: Int { shape.last ?? 1 }
    public var rows: Int { width == 0 ? 0 : count / width }

    /// Adds to the gradient and may keep `dx` itself as the gradient: the caller gives it away.
    public func accumulate(_ dx: Tensor) {
        guard requiresGradient else { return }
        precondition(dx.count == count, "gradient \(dx.shape) for a value \(shape)")
        if let gradient {
            gradient.add(dx)
        } else {
            gradient = dx.shape == shape ? dx : dx.reshaped(shape)
        }
    }

    /// Lets `add` write into the gradient; `fresh` means it holds no values yet and must be overwritten.
    public func accumulate(_ add: (_ gradient: Tensor, _ fresh: Bool) -> Void) {
        guard requiresGradient else { return }
        if let gradient { return add(gradient, false) }
        let fresh = Tensor(uninitialized: shape)
        add(fresh, true)
        gradient = fresh
    }

    /// Adds into the gradient, which is zero at first.
    public func accumulateOntoZeros(_ add: (Tensor) -> Void) {
        accumulate { gradient, fresh in
            if fresh { gradient.fill(0) }
            add(gradient)
        }
    }

    public func clearGradient() { gradient = nil }

    /// Sends `seed` (d loss / d data; 1 for a scalar loss) back through the tape.
    public func backward(_ seed: Tensor? = nil) {
        Autograd.backward([(self, seed ?? Value.ones(shape))])
    }

    private static func ones(_ shape: [Int]) -> Tensor {
        let tensor = Tensor(uninitialized: shape)
        tensor.fill(1)
        return tensor
    }

    /// Values from which this one was computed, before those that came after them.
    fileprivate static func topologicalOrder(_ roots: [Value]) -> [Value] {
        var order: [Value] = []
        var seen: Set<ObjectIdentifier> = []
        var stack: [(value: Value, next: Int)] = []
        for root in roots where root.requiresGradient && seen.insert(ObjectIdentifier(root)).inserted {
            stack.append((root, 0))
            while let (value, next) = stack.last {
                if next < value.parents.count {
                    stack[stack.count - 1].next += 1
                    let parent = value.parents[next]
                    if seen.insert(ObjectIdentifier(parent)).inserted { stack.append((parent, 0)) }
                } else {
                    order.append(value)
                    stack.removeLast()
                }
            }
        }
        return order
    }

    fileprivate func passOn() {
        guard let pullback else { return }
        if let gradient { pullback(gradient) }
        (gradient, self.pullback, parents) = (nil, nil, [])
    }
}

/// Sends several gradients back in one sweep; each value passes on the sum of what reached it, once.
public func backward(_ seeds: [(value: Value, gradient: Tensor)]) {
    let order = Value.topologicalOrder(seeds.map(\.value))
    for seed in seeds { seed.value.accumulate(seed.gradient) }
    for value in order.reversed() { value.passOn() }
}
