import Autograd
import CKernels
import Foundation
import Records
import Tensors

/// The teacher's last hidden states and head, from which its logits are made where a loss needs them.
public struct TeacherLogits: @unchecked Sendable {
    public let hidden: Tensor  // [rows, hidden], after the final norm
    public let head: Value  // [vocabulary, hidden]

    public init(hidden: Tensor, head: Value) { (self.hidden, self.head) = (hidden, head) }
}

/// Draws candidates for what follows a row; called once per row in an order that is not defined.
///
/// - Parameters: index into the loss rows, logits of the first `common` ids, their log-sum-exp
public typealias CandidateDraw =
    @Sendable (_ index: Int, _ logits: UnsafeBufferPointer<Float>, _ logSum: Float) -> [Int32]

/// Language-model head and losses in one operation, chunk by chunk, so that `[rows, vocabulary]` never exists
/// whole.
///
/// The gradient is made in the same pass, while a chunk's logits are at hand.
public struct HeadLoss: Sendable {
    public var weights: LossTerms
    /// `min(V_T, V_S)`: divergences and candidates know the ids below it only.
    public var common: Int
    public var divergences: TermDivergences
    /// Floats of student logits held at a time.
    public var chunkFloats = 1 << 21
    /// Rows a chunk has at least: with fewer, reading and writing the head's gradient would cost more than
    /// computing it.
    public var leastChunkRows = 128

    public init(weights: LossTerms, common: Int, divergences: TermDivergences = TermDivergences()) {
        (self.weights, self.common, self.divergences) = (weights, common, divergences)
    }

    public struct Result {
        /// The weighted sum of all shares, `[1]`.
        public let loss: Value
        public let terms: LossTerms
        /// In the order of the rows.
        public let values: [LossRowValue]
        /// Drawn after each row; empty where none were.
        public let candidates: [[Int32]]
    }

    /// - Parameters:
    ///   - hidden: the student's, `[rows, width]`
    ///   - head: the student's, `[vocabulary, width]`
    ///   - rows: each row of `hidden` at most once, ascending where `draw` is used
    ///   - draw: candidates for what follows a row
    ///   - drawn: told of a row's candidates; may raise the shares of this or later rows before their losses
    ///     are taken
    public func callAsFunction(
        hidden: Value, head: Value, rows: [LossRow], teacher: TeacherLogits? = nil,
        cached: [CachedTarget] = [],
        draw: CandidateDraw? = nil,
        drawn: (_ index: Int, _ candidates: [Int32], _ rows: inout [LossRow]) -> Void = { _, _, _ in }
    ) -> Result {
        var rows = rows
        let (width, vocabulary) = (hidden.width, head.shape[0])
        precondition(
            common <= vocabulary && teacher.map { common <= $0.head.rows } ?? true,
            "HeadLoss: common vocabulary \(common)")
        let trains = hidden.requiresGradient || head.requiresGradient
        let dHidden = trains ? Tensor(zeros: hidden.shape) : nil
        let dHead = trains && head.requiresGradient ? Tensor(zeros: head.shape) : nil
        var values = [LossRowValue](repeating: LossRowValue(), count: rows.count)
        var candidates = [[Int32]](repeating: [], count: rows.count)
        let chunkRows = max(leastChunkRows, chunkFloats / vocabulary)
        let logits = Tensor(uninitialized: [min(chunkRows, max(1, rows.count)), vocabulary])
        let teacherLogits = teacher.map {
            Tensor(uninitialized: [min(chunkRows, max(1, rows.count)), $0.head.rows])
        }
        for start in stride(from: 0, to: rows.count, by: chunkRows) {
            let chunk = start..<min(start + chunkRows, rows.count)
            let inputs = hidden.data.gatheringRows(rows[chunk].map(\.row))
            let s = logits.rows(0..<chunk.count)
            project(inputs, by: head, into: s)
            let arithmetic = HeadLossRow(loss: self, vocabulary: vocabulary)
            let sums = arithmetic.logSums(s)
            if let draw {
                for (offset, ids) in drawAll(draw, chunk, s, sums).enumerated() {
                    candidates[chunk.lowerBound + offset] = ids
                    if !ids.isEmpty { drawn(chunk.lowerBound + offset, ids, &rows) }
                }
            }
            let t = teacherRows(teacher, teacherLogits, rows[chunk])
            let parts = UnsafeResults(count: chunk.count)
            let chunkOfRows = Array(rows[chunk])
            parallel(chunk.count, grain: 4) { range in
                for index in range {
                    parts[index] = arithmetic.lossAndGradient(
                        chunkOfRows[index], s.pointer + index * vocabulary, sums[index],
                        teacher: t.row(index),
                        cached: cached, gradient: trains)
                }
            }
            for index in chunk { values[index] = parts[index - chunk.lowerBound] }
            if let dHidden {
                let dInputs = Tensor(uninitialized: inputs.shape)
                head.pull(s, inputs, into: dInputs, dHead)
                for (offset, row) in chunkOfRows.enumerated() {
                    ck_add(dHidden.pointer + Int(row.row) * width, dInputs.pointer + offset * width, width)
                }
            }
        }
        let terms = zip(rows, values).reduce(LossTerms()) { $0 + $1.0.term(of: $1.1) }
        let loss = Tensor([Float(terms.weighted(by: weights))], shape: [1])
        // keeps the gradients themselves
        let result = Value(loss, from: [hidden, head]) { [hidden = hidden.node, head = head.node] dy in
            for gradient in [dHidden, dHead] where dy.pointer[0] != 1 { gradient?.scale(by: dy.pointer[0]) }
            if let dHidden { hidden?.accumulate(dHidden) }
            if let dHead { head?.accumulate(dHead) }
        }
        return Result(loss: result, terms: terms, values: values, candidates: candidates)
    }

    private func drawAll(
        _ draw: CandidateDraw, _ chunk: Range<Int>, _ logits: Tensor, _ sums: [HeadLossRow.LogSums]
    ) -> [[Int32]] {
        let drawn = UnsafeLists(count: chunk.count)
        parallel(chunk.count, grain: 4) { range in
            for index in range {
                let row = UnsafeBufferPointer(start: logits.pointer + index * logits.width, count: common)
                drawn[index] = draw(chunk.lowerBound + index, row, sums[index].common)
            }
        }
        return drawn.values
    }

    /// Teacher logits of those of the chunk's rows that have a teacher row.
    private func teacherRows(_ teacher: TeacherLogits?, _ buffer: Tensor?, _ rows: ArraySlice<LossRow>)
        -> ChunkTeacher
    {
        let wanted = rows.map(\.teacherRow).filter { $0 >= 0 }
        guard let teacher, let buffer, !wanted.isEmpty else { return ChunkTeacher(logits: nil, places: []) }
        let t = buffer.rows(0..<wanted.count)
        project(teacher.hidden.gatheringRows(wanted), by: teacher.head, into: t)
        var next = 0
        let places = rows.map { row -> Int? in
            guard row.teacherRow >= 0 else { return nil }
            next += 1
            return next - 1
        }
        return ChunkTeacher(logits: t, places: places)
    }
}

/// The teacher's logits of a chunk, without gaps.
private struct ChunkTeacher: Sendable {
    let logits: Tensor?
    /// Row of `logits` of each row of the chunk.
    let places: [Int?]

    func row(_ index: Int) -> UnsafeMutablePointer<Float>? {
        guard let logits, let place = places[index] else { return nil }
        return logits.pointer + place * logits.width
    }
}

extension Value {
    /// Gradients of `y = x Wᵀ`: `dx = dy W`, `dW += dyᵀ x`.
    fileprivate func pull(_ dy: Tensor, _ x: Tensor, into dx: Tensor, _ dWeight: Tensor?) {
        if let half {
            let dyHalf = HalfTensor(dy)
            multiply(dyHalf, .plain, half, .plain, into: dx)
            if let dWeight { multiply(dyHalf, .transposed, HalfTensor(x), .plain, into: dWeight, beta: 1) }
        } else {
            multiply(dy, .plain, data, .plain, into: dx)
            if let dWeight { multiply(dy, .transposed, x, .plain, into: dWeight, beta: 1) }
        }
    }
}

extension LossRow {
    /// This row's part of the four terms.
    fileprivate func term(of value: LossRowValue) -> LossTerms {
        LossTerms(
            sft: share.sft * value.crossEntropy, iva: share.iva * value.iva, kd: share.kd * value.kd,
            tpa: share.tpa * value.tpa)
    }
}

/// Results of rows written by several threads, each index by one.
private final class UnsafeResults: @unchecked Sendable {
    private let memory: UnsafeMutablePointer<LossRowValue>
    init(count: Int) {
        memory = .allocate(capacity: max(1, count))
        memory.initialize(repeating: LossRowValue(), count: max(1, count))
    }
    deinit { memory.deallocate() }
    subscript(index: Int) -> LossRowValue {
        get { memory[index] }
        set { memory[index] = newValue }
    }
}

private final class UnsafeLists: @unchecked Sendable {
    private let memory: UnsafeMutableBufferPointer<[Int32]>
    init(count: Int) {
        memory = .allocate(capacity: count)
        memory.initialize(repeating: [])
    }
    deinit {
        memory.deinitialize()
        memory.deallocate()
    }
    subscript(index: Int) -> [Int32] {
        get { memory[index] }
        set { memory[index] = newValue }
    }
    var values: [[Int32]] { Array(memory) }
}
