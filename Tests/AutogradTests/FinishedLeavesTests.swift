import Autograd
import Tensors
import Testing

/// Leaves are told of as soon as they are finished: what is then sent on must lack nothing.
@Suite struct FinishedLeavesTests {
    private func leaf(_ number: Float) -> Value {
        Value(Tensor([number, 2 * number], shape: [1, 2]), requiresGradient: true)
    }

    /// A chain of layers `silu(x) ⊙ w + w`, of which the first is used twice.
    private func chain(_ weights: [Value], recompute: Bool) -> Value {
        let input = Value(Tensor([1, -3], shape: [1, 2]))
        func layer(_ x: Value, _ w: Value) -> Value { siluGate(x, w) + w }
        var x = layer(input, weights[0])
        for weight in weights {
            let before = x
            x =
                recompute
                ? recomputed([before], parameters: [weight]) { [layer($0[0], weight)] }[0]
                : layer(before, weight)
        }
        return x
    }

    @Test(arguments: [false, true]) func everyLeafIsToldOfOnceWithItsWholeGradient(recompute: Bool) {
        let weights = (1...4).map { leaf(Float($0)) }
        chain(weights, recompute: recompute).backward()
        let expected = weights.map { $0.takeGradient()?.values }
        #expect(expected.allSatisfy { $0 != nil })

        var found: [ObjectIdentifier: [Float]?] = [:]
        var order: [Int] = []
        chain(weights, recompute: recompute).backward(finished: { node in
            guard let index = weights.firstIndex(where: { $0.node === node }) else { return }
            #expect(found[ObjectIdentifier(node)] == nil)
            order.append(index)
            found[ObjectIdentifier(node)] = weights[index].takeGradient()?.values
        })
        #expect(weights.map { $0.node.flatMap { found[ObjectIdentifier($0)] } ?? nil } == expected)
        // Nothing came later, and the last layers were first; the first weight is used by two layers.
        #expect(weights.allSatisfy { $0.gradient == nil })
        #expect(order == [3, 2, 1, 0])
    }

    @Test func aLeafThatNoRootNeedsIsNotToldOf() {
        let (used, other) = (leaf(1), leaf(2))
        var told = 0
        siluGate(used, used).backward(finished: { _ in told += 1 })
        #expect(told == 1 && other.gradient == nil)
    }
}
