import CKernels
import Tensors

/// Keys and values of the rows that others may see (the trunk) and, for segments that see themselves, of the
/// query rows.
public struct AttentionKeys {
    public let trunkKeys, trunkValues: Value  // [trunk rows, keyHeads * headSize]
    public let ownKeys, ownValues: Value?  // [rows, keyHeads * headSize]

    public init(trunkKeys: Value, trunkValues: Value, ownKeys: Value? = nil, ownValues: Value? = nil) {
        (self.trunkKeys, self.trunkValues, self.ownKeys, self.ownValues) = (
            trunkKeys, trunkValues, ownKeys, ownValues
        )
    }
}

/// Scaled dot-product attention with grouped key heads under the prefix rule of `AttentionLayout`.
///
/// The probabilities are made block by block and never kept: the gradient recomputes them from one number a
/// row and head.
///
/// - Parameters:
///   - q: `[rows, heads * headSize]`
///   - scale: factor of the scores; default `1 / sqrt(headSize)`
///   - precision: of the products; the softmax is in float32
/// - Returns: `[rows, heads * headSize]`
public func attention(
    _ q: Value, _ keys: AttentionKeys, layout: AttentionLayout, headSize: Int, scale: Float? = nil,
    precision: Precision = .fp32
) -> Value {
    let shape = AttentionShape(
        q: q, keys: keys, headSize: headSize, scale: scale ?? 1 / Float(headSize).squareRoot())
    let y = Tensor(uninitialized: q.shape)
    let logSums = Tensor(uninitialized: [q.rows, shape.heads])
    let data = AttentionData(q: q, keys: keys, precision: precision)
    let scratch = { @Sendable in AttentionBlock(shape, data, logSums: logSums) }
    shape.forEachBlock(of: layout, scratch) { block, segment, rows, head in
        block.forward(segment, rows, head, into: y)
    }
    let parents = [q, keys.trunkKeys, keys.trunkValues] + [keys.ownKeys, keys.ownValues].compactMap { $0 }
    let nodes = AttentionNodes(q: q, keys: keys)
    return Value(y, from: parents) { dy in  // keeps the data of q, k, v, y and the log-sum-exps
        let gradient = AttentionGradient(data)
        let dOutput = Operand(float: dy, half: precision.ofActivations == .bf16 ? HalfTensor(dy) : nil)
        shape.forEachBlock(of: layout, scratch) { block, segment, rows, head in
            block.backward(segment, rows, head, y: y, dy: dOutput, into: gradient)
        }
        gradient.pass(to: nodes)
    }
}

struct AttentionShape: Sendable {
    let heads, keyHeads, headSize: Int
    let scale: Float
    var queryWidth: Int { heads * headSize }
    var keyWidth: Int { keyHeads * headSize }

    init(q: Value, keys: AttentionKeys, headSize: Int, scale: Float) {
        (heads, keyHeads) = (q.width / headSize, keys.trunkKeys.width / headSize)
        (self.headSize, self.scale) = (headSize, scale)
        precondition(
            heads * headSize == q.width && keyHeads > 0 && heads % keyHeads == 0
                && keys.trunkValues.shape == keys.trunkKeys.shape,
            "attention: q \(q.shape), k \(keys.trunkKeys.shape), v \(keys.trunkValues.shape), "
                + "heads of \(headSize)"
        )
        precondition(
            keys.ownKeys.map { $0.rows == q.rows && $0.width == keyHeads * headSize } ?? true,
            "attention: own keys \(keys.ownKeys?.shape ?? []) for q \(q.shape)")
    }
}

extension AttentionShape {
    /// Multiplications below which handing work to another thread costs more than doing it: a decoding step
    /// of a small model.
    private static let leastParallelWork = 1 << 20

    /// Visits every block of rows of every segment and head. What reads the same keys with the same key head
    /// stays on one thread, in order, so gradients are added in an order that does not depend on threads.
    ///
    /// - Parameter scratch: makes what one thread works with
    func forEachBlock(
        of layout: AttentionLayout, _ scratch: @Sendable () -> AttentionBlock,
        _ body: @Sendable (AttentionBlock, AttentionLayout.Segment, Range<Int>, Int) -> Void
    ) {
        let tasks = layout.groups.count * keyHeads
        let work = layout.segments.reduce(0) { $0 + $1.queries.count * $1.keys.count } * queryWidth
        let pieces = work < Self.leastParallelWork ? min(1, tasks) : min(tasks, 64)
        parallelTasks(pieces) { piece in
            let block = scratch()
            for task in tasks * piece / pieces..<tasks * (piece + 1) / pieces {
                for segment in layout.segments[layout.groups[task / keyHeads]] {
                    block.forEachBlock(segment, keyHead: task % keyHeads) { rows, head in
                        body(block, segment, rows, head)
                    }
                }
            }
        }
    }
}

/// Factor of a block's products: in bf16 where there is such a copy.
struct Operand: Sendable {
    let float: Tensor
    let half: HalfTensor?
}

struct AttentionData: Sendable {
    let q, trunkKeys, trunkValues: Operand
    let ownKeys, ownValues: Tensor?

    init(q: Value, keys: AttentionKeys, precision: Precision) {
        // A row alone, a decoding step, is computed from the float32 values.
        let halves = precision.ofActivations == .bf16 && q.rows > 1
        func operand(_ value: Value) -> Operand {
            Operand(float: value.data, half: halves ? value.halved() : nil)
        }
        self.q = operand(q)
        (trunkKeys, trunkValues) = (operand(keys.trunkKeys), operand(keys.trunkValues))
        (ownKeys, ownValues) = (keys.ownKeys?.data, keys.ownValues?.data)
    }
}

/// Gradients of one attention call; every piece of memory is written by one task only.
struct AttentionGradient: Sendable {
    let dq, dTrunkKeys, dTrunkValues: Tensor
    let dOwnKeys, dOwnValues: Tensor?

    init(_ data: AttentionData) {
        dq = Tensor(uninitialized: data.q.float.shape)
        dTrunkKeys = Tensor(zeros: data.trunkKeys.float.shape)
        dTrunkValues = Tensor(zeros: data.trunkValues.float.shape)
        dOwnKeys = data.ownKeys.map { Tensor(zeros: $0.shape) }
        dOwnValues = data.ownValues.map { Tensor(zeros: $0.shape) }
    }

    func pass(to nodes: AttentionNodes) {
        nodes.q?.accumulate(dq)
        nodes.trunkKeys?.accumulate(dTrunkKeys)
        nodes.trunkValues?.accumulate(dTrunkValues)
        if let dOwnKeys { nodes.ownKeys?.accumulate(dOwnKeys) }
        if let dOwnValues { nodes.ownValues?.accumulate(dOwnValues) }
    }
}

/// Targets of the gradients of one attention call.
struct AttentionNodes {
    let q, trunkKeys, trunkValues, ownKeys, ownValues: TapeNode?

    init(q: Value, keys: AttentionKeys) {
        (self.q, trunkKeys, trunkValues) = (q.node, keys.trunkKeys.node, keys.trunkValues.node)
        (ownKeys, ownValues) = (keys.ownKeys?.node, keys.ownValues?.node)
    }
}
