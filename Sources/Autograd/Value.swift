import Tensors

/// A tensor on the tape: its data, where it came from, and how to send a gradient back there.
///
/// A leaf (a parameter, or an input whose gradient is wanted) keeps its gradient; the others give theirs up as soon as it has been
/// passed on. Without anything to train below it a value keeps no tape, so inference frees memory as it goes.
public final class Value {
    public let data: Tensor
    public let requiresGradient: Bool
    /// d loss / d data, same shape; nil before `backward` reaches this value.
    public private(set) var gradient: Tensor?
    private var parents: [Value]
    private var pullback: ((Tensor) -> Void)?

    /// A leaf.
    public init(_ data: Tensor, requiresGradient: Bool = false) {
        self.data = data
        self.requiresGradient = requiresGradient
        parents = []
    }

    /// The result of an operation.
    ///
    /// - Parameters:
    ///   - parents: what the result was computed from
    ///   - pullback: given d loss / d data, which it may keep or overwrite, adds its share to the gradient of each parent
    public init(_ data: Tensor, from parents: [Value], pullback: @escaping (Tensor) -> Void) {
        self.data = data
        requiresGradient = parents.contains { $0.requiresGradient }
        self.parents = requiresGradient ? parents.filter(\.requiresGradient) : []
        self.pullback = requiresGradient ? pullback : nil
    }

    public var shape: [Int] { data.shape }
    public var rows: Int { data.rows }
    public var width: Int { data.width }

    /// Adds to the gradient and may keep `dx` itself as the gradient: the caller gives it away.
    public func accumulate(_ dx: Tensor) {
        guard requiresGradient else { return }
        precondition(dx.count == data.count, "gradient \(dx.shape) for a value \(data.shape)")
        if let gradient {
            gradient.add(dx)
        } else {
            gradient = dx.shape == data.shape ? dx : dx.reshaped(data.shape)
        }
    }

    /// Lets `add` write into the gradient; `fresh` means it holds no values yet and must be overwritten.
    public func accumulate(_ add: (_ gradient: Tensor, _ fresh: Bool) -> Void) {
        guard requiresGradient else { return }
        if let gradient { return add(gradient, false) }
        let fresh = Tensor(uninitialized: data.shape)
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
        Autograd.backward([(self, seed ?? Value.ones(data.shape))])
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
