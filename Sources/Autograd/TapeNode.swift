import Tensors

/// A place on the tape: where the gradient of a value arrives, and how it is sent on. It does not hold the
/// value: what a gradient reads is kept by the operation that reads it, and everything else is freed as soon
/// as the forward pass is done with it.
public final class TapeNode {
    let shape: [Int]
    /// d loss / d value, same shape; nil before `backward` reaches this node. A leaf keeps it; the others
    /// give theirs up as soon as it has been passed on.
    public private(set) var gradient: Tensor?
    private var parents: [TapeNode]
    private var pullback: ((Tensor) -> Void)?

    /// - Parameters:
    ///   - parents: nodes of what the value was computed from; none for a leaf
    ///   - pullback: given d loss / d value, which it may keep or overwrite, adds its share to the gradient
    ///     of each parent
    init(shape: [Int], parents: [TapeNode] = [], pullback: ((Tensor) -> Void)? = nil) {
        (self.shape, self.parents, self.pullback) = (shape, parents, pullback)
    }

    /// Adds to the gradient and may keep `dx` itself as the gradient: the caller gives it away.
    public func accumulate(_ dx: Tensor) {
        precondition(dx.count == shape.reduce(1, *), "gradient \(dx.shape) for a value \(shape)")
        if let gradient {
            gradient.add(dx)
        } else {
            gradient = dx.shape == shape ? dx : dx.reshaped(shape)
        }
    }

    /// Lets `add` write into the gradient; `fresh` means it holds no values yet and must be overwritten.
    public func accumulate(_ add: (_ gradient: Tensor, _ fresh: Bool) -> Void) {
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

    func clearGradient() { gradient = nil }

    /// Gives the gradient up; nil where none arrived.
    func takeGradient() -> Tensor? {
        defer { gradient = nil }
        return gradient
    }

    /// Nodes from which the roots were computed, before those that came after them.
    fileprivate static func topologicalOrder(_ roots: [TapeNode]) -> [TapeNode] {
        var order: [TapeNode] = []
        var seen: Set<ObjectIdentifier> = []
        var stack: [(node: TapeNode, next: Int)] = []
        for root in roots where seen.insert(ObjectIdentifier(root)).inserted {
            stack.append((root, 0))
            while let (node, next) = stack.last {
                if next < node.parents.count {
                    stack[stack.count - 1].next += 1
                    let parent = node.parents[next]
                    if seen.insert(ObjectIdentifier(parent)).inserted { stack.append((parent, 0)) }
                } else {
                    order.append(node)
                    stack.removeLast()
                }
            }
        }
        return order
    }

    /// Leaves by the node that is the last to pass something on to them, as `order` says.
    fileprivate static func leaves(_ order: [TapeNode]) -> [ObjectIdentifier: [TapeNode]] {
        var seen: Set<ObjectIdentifier> = []
        var leaves: [ObjectIdentifier: [TapeNode]] = [:]
        // The sweep goes against the order, so the first that was computed from a leaf is the last.
        for node in order {
            for parent in node.parents
            where parent.parents.isEmpty && seen.insert(ObjectIdentifier(parent)).inserted {
                leaves[ObjectIdentifier(node), default: []].append(parent)
            }
        }
        return leaves
    }

    fileprivate func passOn() {
        guard let pullback else { return }
        if let gradient { pullback(gradient) }
        (gradient, self.pullback, parents) = (nil, nil, [])
    }
}

/// Sends several gradients back in one sweep; each node passes on the sum of what reached it, once.
///
/// - Parameter finished: called for each leaf as soon as nothing of this sweep will reach it any more
public func backward(
    _ seeds: [(value: Value, gradient: Tensor)], finished: ((_ leaf: TapeNode) -> Void)? = nil
) {
    let known = seeds.compactMap { seed in seed.value.node.map { (node: $0, gradient: seed.gradient) } }
    let order = TapeNode.topologicalOrder(known.map(\.node))
    for seed in known { seed.node.accumulate(seed.gradient) }
    let leaves = finished == nil ? [:] : TapeNode.leaves(order)
    for node in order.reversed() {
        node.passOn()
        for leaf in leaves[ObjectIdentifier(node)] ?? [] { finished?(leaf) }
    }
}
