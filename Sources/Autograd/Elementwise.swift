import CKernels
import Tensors

/// `a + b`, equal shapes.
public func + (a: Value, b: Value) -> Value {
    precondition(a.count == b.count, "+: \(a.shape) and \(b.shape)")
    return Value(Tensor(sumOf: a.data, b.data), from: [a, b]) { [a = a.node, b = b.node] dy in
        // One of the two may keep dy itself; the other needs a copy unless it only adds to what it has.
        b?.accumulate { db, fresh in
            if fresh { db.pointer.update(from: dy.pointer, count: dy.count) } else { db.add(dy) }
        }
        a?.accumulate(dy)
    }
}

/// Multiplies by a constant.
public func * (factor: Float, x: Value) -> Value {
    let y = x.data.copy()
    y.scale(by: factor)
    return Value(y, from: [x]) { [x = x.node] dy in
        dy.scale(by: factor)
        x?.accumulate(dy)
    }
}

/// Activation functions of the towers and projectors.
public enum Activation: String, Sendable, Codable, CaseIterable {
    case gelu  // exact, x Φ(x)
    case geluTanh = "gelu_pytorch_tanh"
    case quickGelu = "quick_gelu"

    fileprivate var forward: @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void {
        switch self {
        case .gelu: { ck_gelu($0, $1, $2) }
        case .geluTanh: { ck_gelu_tanh($0, $1, $2) }
        case .quickGelu: { ck_quick_gelu($0, $1, $2) }
        }
    }

    fileprivate var gradient:
        @Sendable (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    {
        switch self {
        case .gelu: { ck_gelu_gradient($0, $1, $2, $3) }
        case .geluTanh: { ck_gelu_tanh_gradient($0, $1, $2, $3) }
        case .quickGelu: { ck_quick_gelu_gradient($0, $1, $2, $3) }
        }
    }
}

/// An activation, elementwise.
public func activate(_ x: Value, _ activation: Activation) -> Value {
    let (data, y) = (x.data, Tensor(uninitialized: x.shape))
    let (forward, gradient) = (activation.forward, activation.gradient)
    parallel(y.count, grain: elementwiseGrain / 4) { range in
        forward(data.pointer + range.lowerBound, y.pointer + range.lowerBound, range.count)
    }
    return Value(y, from: [x]) { [x = x.node] dy in  // keeps x's data
        let dx = Tensor(uninitialized: data.shape)
        parallel(dx.count, grain: elementwiseGrain / 4) { range in
            let start = range.lowerBound
            gradient(data.pointer + start, dy.pointer + start, dx.pointer + start, range.count)
        }
        x?.accumulate(dx)
    }
}

/// `silu(gate) ⊙ up`, the gate of Qwen's and Llama's feed-forward.
public func siluGate(_ gate: Value, _ up: Value) -> Value {
    precondition(gate.count == up.count, "siluGate: \(gate.shape) and \(up.shape)")
    let (g, u, y) = (gate.data, up.data, Tensor(uninitialized: gate.shape))
    parallel(y.count, grain: elementwiseGrain / 4) { range in
        let start = range.lowerBound
        ck_silu_gate(g.pointer + start, u.pointer + start, y.pointer + start, range.count)
    }
    return Value(y, from: [gate, up]) { [gate = gate.node, up = up.node] dy in  // keeps the data of both
        let (dg, du) = (Tensor(uninitialized: g.shape), Tensor(uninitialized: u.shape))
        parallel(dg.count, grain: elementwiseGrain / 4) { range in
            let start = range.lowerBound
            ck_silu_gate_gradient(
                g.pointer + start, u.pointer + start, dy.pointer + start, dg.pointer + start,
                du.pointer + start, range.count)
        }
        gate?.accumulate(dg)
        up?.accumulate(du)
    }
}
