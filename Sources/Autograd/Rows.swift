import CKernels
import Tensors

/// Rows of a table by id, `[ids.count, width]`.
///
/// - Parameters:
///   - table: `[vocabulary, width]`
///   - constant: an id whose row receives no gradient from here (PyTorch's `padding_idx`)
public func embedding(_ table: Value, ids: [Int32], constant: Int32? = nil) -> Value {
    gatherRows(table, ids, constant: constant)
}

/// The given rows in the given order; a row may be taken more than once.
public func gatherRows(_ x: Value, _ indices: [Int32]) -> Value { gatherRows(x, indices, constant: nil) }

private func gatherRows(_ x: Value, _ indices: [Int32], constant: Int32?) -> Value {
    let width = x.width
    let rows = x.gatheringRows(indices)
    return Value(rows, from: [x]) { [x = x.node] dy in
        x?.accumulateOntoZeros { dx in
            for (row, index) in indices.enumerated() where index != constant {
                ck_add(dx.pointer + Int(index) * width, dy.pointer + row * width, width)
            }
        }
    }
}

/// One below the other.
public func concatenateRows(_ parts: [Value]) -> Value {
    precondition(
        !parts.isEmpty && parts.allSatisfy { $0.width == parts[0].width },
        "concatenateRows: \(parts.map(\.shape))")
    let width = parts[0].width
    let y = Tensor(uninitialized: [parts.reduce(0) { $0 + $1.rows }, width])
    var start = 0
    for part in parts {
        (y.pointer + start * width).update(from: part.data.pointer, count: part.count)
        start += part.rows
    }
    return Value(y, from: parts) { [parts = parts.map { (node: $0.node, rows: $0.rows) }] dy in
        var start = 0
        for part in parts {
            part.node?.accumulate(dy.rows(start..<start + part.rows).copy())
            start += part.rows
        }
    }
}

/// `x` with the rows at `indices` replaced by those of `replacement`: visual tokens in place of their
/// placeholders.
public func replaceRows(_ x: Value, at indices: [Int32], with replacement: Value) -> Value {
    let width = x.width
    precondition(
        replacement.rows == indices.count && replacement.width == width,
        "replaceRows: \(replacement.shape) into \(x.shape) at \(indices.count) rows")
    let y = x.data.copy()
    for (row, index) in indices.enumerated() {
        precondition(index >= 0 && Int(index) < x.rows, "replaceRows: row \(index) of \(x.rows)")
        (y.pointer + Int(index) * width).update(from: replacement.data.pointer + row * width, count: width)
    }
    return Value(y, from: [x, replacement]) { [x = x.node, replacement = replacement.node] dy in
        replacement?.accumulate(dy.gatheringRows(indices))
        guard let x else { return }
        for index in indices { (dy.pointer + Int(index) * width).update(repeating: 0, count: width) }
        x.accumulate(dy)
    }
}

/// `weights x`: every row of the result is a fixed mixture of the rows of `x`.
///
/// - Parameters:
///   - x: `[rows, width]`
///   - weights: `[outputs, rows]`; constants
public func mixRows(_ x: Value, _ weights: Tensor) -> Value {
    precondition(weights.width == x.rows, "mixRows: weights are \(weights.shape), x is \(x.shape)")
    let y = Tensor(uninitialized: [weights.rows, x.width])
    multiply(weights, .plain, x.data, .plain, into: y)
    return Value(y, from: [x]) { [x = x.node] dy in
        x?.accumulate { dx, isFresh in
            multiply(weights, .transposed, dy, .plain, into: dx, beta: isFresh ? 0 : 1)
        }
    }
}

/// Adds `table` `[period, width]` to every group of `period` rows: learnt positions of image patches.
public func addRepeated(_ x: Value, _ table: Value) -> Value {
    let period = table.rows * table.width
    precondition(period > 0 && x.data.count % period == 0, "addRepeated: \(table.shape) to \(x.shape)")
    let y = x.data.copy()
    for group in 0..<x.data.count / period { ck_add(y.pointer + group * period, table.data.pointer, period) }
    return Value(y, from: [x, table]) { [x = x.node, table = table.node] dy in
        table?.accumulateOntoZeros { sums in
            for group in 0..<dy.count / period { ck_add(sums.pointer, dy.pointer + group * period, period) }
        }
        x?.accumulate(dy)
    }
}
