import CKernels
import Tensors

/// `y = x Wᵀ + b`, in bf16 or int8 where the weight is.
///
/// - Parameters:
///   - x: `[rows, inputs]`
///   - weight: `[outputs, inputs]`
///   - bias: `[outputs]`
/// - Returns: `[rows, outputs]`
public func linear(_ x: Value, weight: Value, bias: Value? = nil) -> Value {
    precondition(
        weight.shape.count == 2 && x.width == weight.width
            && (bias.map { $0.count == weight.shape[0] } ?? true),
        "linear: x is \(x.shape), weight \(weight.shape), bias \(bias?.shape ?? [])")
    let (rows, outputs) = (x.rows, weight.shape[0])
    let y = Tensor(uninitialized: [rows, outputs])
    if let bytes = weight.bytes {
        multiply(x.inBytes(), transposed: bytes, into: y)
    } else if let half = weight.half, weight.products == .bf16, rows > fewRows {
        multiply(x.halved(), .plain, half, .transposed, into: y)
    } else {
        project(x.data, by: weight, into: y)
    }
    if let bias {
        let b = bias.data
        parallel(rows, grain: max(1, elementwiseGrain / max(1, outputs))) { range in
            ck_add_bias(y.pointer + range.lowerBound * outputs, b.pointer, range.count, outputs)
        }
    }
    let parents = [x, weight] + (bias.map { [$0] } ?? [])
    guard parents.contains(where: \.requiresGradient) else { return Value(y) }
    let factors = LinearFactors(
        x, weight, wantsInput: x.requiresGradient, wantsWeight: weight.requiresGradient)
    return Value(y, from: parents) { [x = x.node, weight = weight.node, bias = bias?.node] dy in
        factors.pull(dy, input: { x?.accumulate($0) }, weight: { weight?.accumulate($0) })
        bias?.accumulateOntoZeros { ck_add_column_sums($0.pointer, dy.pointer, rows, outputs) }
    }
}

/// Factors that the gradients of `y = x Wᵀ` read, in the precision of its products: the weight for dx, and x
/// for dW.
package enum LinearFactors {
    case floats(x: Tensor?, weight: Tensor?)
    case halves(x: HalfTensor?, weight: HalfTensor)

    /// Calls its argument with the tensor that a product goes into, and whether that holds nothing yet.
    package typealias Target = ((_ gradient: Tensor, _ isFresh: Bool) -> Void) -> Void

    /// - Parameters:
    ///   - x: `[rows, inputs]`
    ///   - weight: `[outputs, inputs]`
    ///   - wantsInput: whether dx will be asked for
    ///   - wantsWeight: whether dW will be asked for
    package init(_ x: Value, _ weight: Value, wantsInput: Bool, wantsWeight: Bool) {
        if let half = weight.half, weight.products == .bf16 {
            self = .halves(x: wantsWeight ? x.halved() : nil, weight: half)
        } else {
            self = .floats(
                x: wantsWeight ? x.data.reshaped([x.rows, x.width]) : nil,
                weight: wantsInput ? weight.data : nil)
        }
    }

    /// `dx += dy W` and `dW += dyᵀ x`, each where it is wanted.
    package func pull(_ dy: Tensor, input: Target, weight weightTarget: Target) {
        switch self {
        case .floats(let x, let weight):
            if let weight {
                input { dx, isFresh in
                    multiply(
                        dy, .plain, weight, .plain, into: dx.reshaped([dy.rows, weight.width]),
                        beta: isFresh ? 0 : 1)
                }
            }
            if let x {
                weightTarget { dw, isFresh in
                    multiply(dy, .transposed, x, .plain, into: dw, beta: isFresh ? 0 : 1)
                }
            }
        case .halves(let x, let weight):
            let dy = HalfTensor(dy)
            input { dx, isFresh in multiply(dy, .plain, weight, .plain, into: dx, beta: isFresh ? 0 : 1) }
            if let x {
                weightTarget { dw, isFresh in
                    multiply(dy, .transposed, x, .plain, into: dw, beta: isFresh ? 0 : 1)
                }
            }
        }
    }
}

/// `y = x Wᵀ` without a tape, in the weight's precision.
///
/// - Parameters:
///   - x: `[rows, inputs]`
///   - weight: `[outputs, inputs]`
///   - y: `[rows, outputs]`
public func project(_ x: Tensor, by weight: Value, into y: Tensor) {
    if let bytes = weight.bytes {
        multiply(ByteMatrix(x), transposed: bytes, into: y)
    } else if let half = weight.half {
        if weight.products == .bf16 {
            multiply(x, transposed: half, into: y)
        } else {
            multiply(x, expanding: half, into: y)
        }
    } else {
        multiply(x, .plain, weight.data, .transposed, into: y)
    }
}
