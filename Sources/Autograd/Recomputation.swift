import Tensors

/// Runs `body` without a tape and once more, with one, when its gradient is wanted: activation memory for one
/// extra forward.
///
/// - Parameters:
///   - inputs: what `body` reads besides parameters; parameters it captures receive their gradients too
///   - body: a pure function; it must return the same values both times
public func recomputed(_ inputs: [Value], parameters: [Value], _ body: @escaping ([Value]) -> [Value])
    -> [Value]
{
    let (data, nodes) = (inputs.map(\.data), inputs.map(\.node))
    let outputs = body(data.map { Value($0) }).map(\.data)
    guard (inputs + parameters).contains(where: \.requiresGradient) else { return outputs.map { Value($0) } }
    let arrived = Arrived(count: outputs.count)
    // It stands below all outputs on the tape, so it runs after each of them has left its gradient here.
    let joint = Value(Tensor(zeros: [1]), from: inputs + parameters) { _ in
        let leaves = zip(data, nodes).map { Value($0, requiresGradient: $1 != nil) }
        let again = body(leaves)
        backward(zip(again, arrived.gradients).compactMap { value, gradient in gradient.map { (value, $0) } })
        for (node, leaf) in zip(nodes, leaves) {
            if let gradient = leaf.gradient { node?.accumulate(gradient) }
        }
    }
    return outputs.enumerated().map { index, data in
        Value(data, from: [joint]) { [joint = joint.node] dy in
            arrived.gradients[index] = dy
            joint?.accumulate(Tensor(zeros: [1]))
        }
    }
}

private final class Arrived {
    var gradients: [Tensor?]
    init(count: Int) { gradients = Array(repeating: nil, count: count) }
}
