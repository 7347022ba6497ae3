import CKernels
import Tensors

/// `y = x Wᵀ + b`, in bf16 where the weight is.
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
    if let half = weight.half, rows > fewRows {
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
    return Value(y, from: [x, weight] + (bias.map { [$0] } ?? [])) { dy in  // keeps x and W
        if let half = weight.half {
            let dyHalf = HalfTensor(dy)
            x.accumulate { dx, fresh in multiply(dyHalf, .plain, half, .plain, into: dx, beta: fresh ? 0 : 1)
            }
            weight.accumulate { dw, fresh in
                multiply(dyHalf, .transposed, x.halved(), .plain, into: dw, beta: fresh ? 0 : 1)
            }
        } else {
            x.accumulate { dx, fresh in
                multiply(
                    dy, .plain, weight.data, .plain, into: dx.reshaped([rows, x.width]), beta: fresh ? 0 : 1)
            }
            weight.accumulate { dw, fresh in
                multiply(
                    dy, .transposed, x.data.reshaped([rows, x.width]), .plain, into: dw, beta: fresh ? 0 : 1)
            }
        }
        bias?.accumulateOntoZeros { ck_add_column_sums($0.pointer, dy.pointer, rows, outputs) }
    }
}

/// `y = x Wᵀ` without a tape, in the weight's precision.
///
/// - Parameters:
///   - x: `[rows, inputs]`
///   - weight: `[outputs, inputs]`
///   - y: `[rows, outputs]`
public func project(_ x: Tensor, by weight: Value, into y: Tensor) {
    if let half = weight.half {
        multiply(x, transposed: half, into: y)
    } else {
        multiply(x, .plain, weight.data, .transposed, into: y)
    }
}
