import Autograd
import CKernels
import Foundation
import Records
import Tensors

/// The teacher's last hidden states and head, from which its logits are made where a loss needs them.
public struct TeacherLogits {
    public let hidden: Tensor  // [rows, hidden], after the final norm
    public let head: Value  // [vocabulary, hidden]

    public init(hidden: Tensor, head: Value) { (self.hidden, self.head) = (hidden, head) }
}

/// Draws candidates for what follows a row; called once for each row with a `next`, in an order that is not
/// defined.
///
/// - Parameters: the row, and logits of the first `common` ids
public typealias CandidateDraw =
    @Sendable (_ row: LossRow, _ logits: UnsafeBufferPointer<Float>) -> [Int32]

/// Language-model head and losses in one operation, chunk by chunk.
///
/// The gradient is made in the same pass, while a chunk's logits are at hand.
public struct HeadLoss: Sendable {
    /// Weights of the terms (Eq. 8).
    public var weights: LossTerms
    /// `min(V_T, V_S)`: divergences and candidates know the ids below it only.
    public var common: Int
    /// Divergence of each term.
    public var divergences: TermDivergences
    package var chunks = HeadChunks()
    /// Whether rows with a label are looked at more closely (`RowObservation`).
    var observes = false

    public init(weights: LossTerms, common: Int, divergences: TermDivergences = TermDivergences()) {
        (self.weights, self.common, self.divergences) = (weights, common, divergences)
    }

    /// Losses of the rows.
    public struct Result {
        /// The weighted sum of all shares, `[1]`.
        public let loss: Value
        /// Sum of each term over the rows, before its weight.
        public let terms: LossTerms
        /// The rows as their losses were taken: candidates that were drawn have raised shares.
        public let rows: [LossRow]
        /// Losses of each row.
        public let values: [LossRowValue]
        /// Candidates drawn after each row; empty where none were, and without a draw.
        public let candidates: [[Int32]]
    }

    /// The losses of some rows; a gradient flows into `hidden` and `head`.
    ///
    /// - Parameters:
    ///   - hidden: the student's, `[rows, width]`
    ///   - head: the student's, `[vocabulary, width]`
    ///   - rows: each row of `hidden` at most once
    ///   - teacher: the model that the rows' `teacherRow` belongs to
    ///   - draw: candidates for what follows a row; those equal to what does follow are merged into the next
    ///     row before that row's losses are taken
    public func callAsFunction(
        hidden: Value, head: Value, rows: LossRows, teacher: TeacherLogits? = nil, draw: CandidateDraw? = nil
    ) -> Result {
        var rows = rows
        let (width, vocabulary) = (hidden.width, head.shape[0])
        precondition(
            common <= vocabulary && teacher.map { common <= $0.head.rows } ?? true,
            "HeadLoss: common vocabulary \(common)")
        let trains = hidden.requiresGradient || head.requiresGradient
        let dHidden = hidden.requiresGradient ? Tensor(zeros: hidden.shape) : nil
        let dHead = head.requiresGradient ? Tensor(zeros: head.shape) : nil
        let chunks = chunks.ranges(rows.count, vocabulary: vocabulary)
        let largest = max(1, chunks.first?.count ?? 0)
        let logits = Tensor(uninitialized: [largest, vocabulary])
        let teacherLogits = teacher.map { Tensor(uninitialized: [largest, $0.head.rows]) }
        var project = Projection(head, chunks: chunks.count)
        var projectTeacher = teacher.map { Projection($0.head, chunks: chunks.count) }
        let arithmetic = HeadLossRow(loss: self, vocabulary: vocabulary)
        var (values, candidates) = ([LossRowValue](), [[Int32]]())
        values.reserveCapacity(rows.count)
        for chunk in chunks {
            let inputs = hidden.data.gatheringRows(rows[chunk].map(\.row))
            let s = logits.rows(0..<chunk.count)
            project(inputs, into: s)
            let sums = arithmetic.logSums(s)
            if let draw {
                let drawn = proposals(after: rows[chunk], s, draw)
                for (index, ids) in zip(chunk, drawn) { rows.merge(ids, drawnAfter: index) }
                candidates += drawn
            }
            let t = teacherRows(teacher?.hidden, &projectTeacher, teacherLogits, rows[chunk])
            let (chunkRows, targets) = (Array(rows[chunk]), rows.targets)
            values += parallelMap(chunk.count, grain: 4) { index in
                arithmetic.lossAndGradient(
                    chunkRows[index], s.pointer + index * vocabulary, sums[index], teacher: t.row(index),
                    cached: targets, gradient: trains)
            }
            guard trains else { continue }
            let dInputs = Tensor(uninitialized: inputs.shape)
            LinearFactors(
                Value(inputs), head, wantsInput: hidden.requiresGradient, wantsWeight: head.requiresGradient
            ).pull(s, input: { $0(dInputs, true) }, weight: { add in if let dHead { add(dHead, false) } })
            guard let dHidden else { continue }
            for (offset, row) in chunkRows.enumerated() {
                ck_add(dHidden.pointer + Int(row.row) * width, dInputs.pointer + offset * width, width)
            }
        }
        let terms = zip(rows.rows, values).reduce(LossTerms()) { $0 + $1.0.term(of: $1.1) }
        let loss = Tensor([Float(terms.weighted(by: weights))], shape: [1])
        // keeps the gradients themselves
        let result = Value(loss, from: [hidden, head]) { [hidden = hidden.node, head = head.node] dy in
            for gradient in [dHidden, dHead] where dy.pointer[0] != 1 { gradient?.scale(by: dy.pointer[0]) }
            if let dHidden { hidden?.accumulate(dHidden) }
            if let dHead { head?.accumulate(dHead) }
        }
        return Result(loss: result, terms: terms, rows: rows.rows, values: values, candidates: candidates)
    }

    /// Candidates for what follows each row of a chunk; none after a row without a `next`.
    private func proposals(after rows: ArraySlice<LossRow>, _ logits: Tensor, _ draw: CandidateDraw)
        -> [[Int32]]
    {
        let rows = Array(rows)
        return parallelMap(rows.count, grain: 4) { index -> [Int32] in
            guard rows[index].next >= 0 else { return [] }
            return draw(
                rows[index],
                UnsafeBufferPointer(start: logits.pointer + index * logits.width, count: common))
        }
    }

    /// Teacher logits of those of the chunk's rows that have a teacher row.
    private func teacherRows(
        _ hidden: Tensor?, _ project: inout Projection?, _ buffer: Tensor?, _ rows: ArraySlice<LossRow>
    ) -> ChunkTeacher {
        let wanted = rows.map(\.teacherRow).filter { $0 >= 0 }
        guard let hidden, let buffer, !wanted.isEmpty else { return ChunkTeacher(logits: nil, places: []) }
        let t = buffer.rows(0..<wanted.count)
        project?(hidden.gatheringRows(wanted), into: t)
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

extension LossRow {
    /// This row's part of the four terms.
    func term(of value: LossRowValue) -> LossTerms {
        LossTerms(
            sft: share.sft * value.crossEntropy, iva: share.iva * value.iva, kd: share.kd * value.kd,
            tpa: share.tpa * value.tpa)
    }
}
