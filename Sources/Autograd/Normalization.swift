import CKernels
import Tensors

/// `x / rms(x) ⊙ weight` over groups of `weight.count` values, so a head-wise norm is the same call with a
/// short weight.
///
/// - Parameters:
///   - x: `[rows, k * size]`
///   - weight: `[size]`
public func rmsNorm(_ x: Value, weight: Value, epsilon: Float) -> Value {
    let size = weight.data.count
    precondition(
        size > 0 && x.width % size == 0, "rmsNorm: weight is \(weight.shape), rows are \(x.width) wide")
    let (data, w, groups) = (x.data, weight.data, x.data.count / size)
    let y = Tensor(uninitialized: x.shape)
    let inverse = Tensor(uninitialized: [groups])
    let grain = max(1, elementwiseGrain / 2 / size)
    parallel(groups, grain: grain) { range in
        let start = range.lowerBound
        ck_rms_norm(
            data.pointer + start * size, w.pointer, epsilon, y.pointer + start * size,
            inverse.pointer + start, range.count, size)
    }
    // keeps x's data and one number a group
    return Value(y, from: [x, weight]) { [x = x.node, weight = weight.node] dy in
        accumulate(onto: x, data.shape) { dx in
            let partial = partialSums(groups, grain, size, wanted: weight != nil) { range, sums in
                let start = range.lowerBound
                ck_rms_norm_gradient(
                    data.pointer + start * size, w.pointer, inverse.pointer + start,
                    dy.pointer + start * size, dx.pointer + start * size, sums, range.count, size)
            }
            guard let partial else { return }
            weight?.accumulateOntoZeros {
                ck_add_column_sums($0.pointer, partial.pointer, partial.rows, size)
            }
        }
    }
}

/// LayerNorm with weight and bias, `[size]` each, over rows of `size` values.
public func layerNorm(_ x: Value, weight: Value, bias: Value, epsilon: Float) -> Value {
    let size = weight.data.count
    precondition(
        x.width == size && bias.data.count == size,
        "layerNorm: weight is \(weight.shape), rows are \(x.width) wide")
    let (data, w, b, rows) = (x.data, weight.data, bias.data, x.rows)
    let y = Tensor(uninitialized: x.shape)
    let statistics = Tensor(uninitialized: [rows, 2])
    let grain = max(1, elementwiseGrain / 2 / size)
    parallel(rows, grain: grain) { range in
        let start = range.lowerBound
        ck_layer_norm(
            data.pointer + start * size, w.pointer, b.pointer, epsilon, y.pointer + start * size,
            statistics.pointer + 2 * start, range.count, size)
    }
    // keeps x's data, mean and deviation
    return Value(y, from: [x, weight, bias]) { [x = x.node, weight = weight.node, bias = bias.node] dy in
        accumulate(onto: x, data.shape) { dx in
            let trains = weight != nil || bias != nil
            let partial = partialSums(rows, grain, 2 * size, wanted: trains) { range, sums in
                let start = range.lowerBound
                ck_layer_norm_gradient(
                    data.pointer + start * size, w.pointer, statistics.pointer + 2 * start,
                    dy.pointer + start * size, dx.pointer + start * size, sums, sums.map { $0 + size },
                    range.count, size)
            }
            guard let partial else { return }
            let sums = Tensor(zeros: [2, size])
            ck_add_column_sums(sums.pointer, partial.pointer, partial.rows, 2 * size)
            weight?.accumulate(sums.rows(0..<1).copy())
            bias?.accumulate(sums.rows(1..<2).copy())
        }
    }
}

/// `x ⊙ scale` in every row: the layer scale of DINOv2.
///
/// - Parameters:
///   - x: `[rows, size]`
///   - scale: `[size]`
public func scaleColumns(_ x: Value, by scale: Value) -> Value {
    let size = scale.data.count
    precondition(x.width == size, "scaleColumns: scale is \(scale.shape), rows are \(x.width) wide")
    let (data, s, rows) = (x.data, scale.data, x.rows)
    let y = Tensor(uninitialized: x.shape)
    let grain = max(1, elementwiseGrain / max(1, size))
    parallel(rows, grain: grain) { range in
        let start = range.lowerBound * size
        ck_scale_columns(data.pointer + start, s.pointer, y.pointer + start, range.count, size)
    }
    // keeps x's data
    return Value(y, from: [x, scale]) { [x = x.node, scale = scale.node] dy in
        let dx = Tensor(uninitialized: data.shape)
        let partial = partialSums(rows, grain, size, wanted: scale != nil) { range, sums in
            let start = range.lowerBound * size
            ck_scale_columns_gradient(
                data.pointer + start, s.pointer, dy.pointer + start, dx.pointer + start, sums, range.count,
                size)
        }
        if let partial {
            scale?.accumulateOntoZeros {
                ck_add_column_sums($0.pointer, partial.pointer, partial.rows, size)
            }
        }
        x?.accumulate(dx)
    }
}

/// Lets `add` add to the gradient of `node`, or to zeros that nobody reads where only a weight is trained.
private func accumulate(onto node: TapeNode?, _ shape: [Int], _ add: (Tensor) -> Void) {
    if let node { node.accumulateOntoZeros(add) } else { add(Tensor(zeros: shape)) }
}

/// Runs `body` over the same pieces as `parallel`, each with a row of `width` zeros of its own to add to; nil
/// pointers when not wanted.
private func partialSums(
    _ count: Int, _ grain: Int, _ width: Int, wanted: Bool,
    _ body: @Sendable (Range<Int>, UnsafeMutablePointer<Float>?) -> Void
) -> Tensor? {
    let pieces = max(1, min(16, count / max(1, grain)))
    let sums = wanted ? Tensor(zeros: [pieces, width]) : nil
    parallelTasks(pieces) { piece in
        body(count * piece / pieces..<count * (piece + 1) / pieces, sums.map { $0.pointer + piece * width })
    }
    return sums
}
