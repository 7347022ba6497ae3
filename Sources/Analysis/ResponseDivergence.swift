import Autograd
import Distillation
import Models
import Records
import Tensors

/// States that a model's predictions of a batch's response tokens are made from: a few numbers a token, where
/// logits would be a whole vocabulary.
public struct ResponseStates {
    /// After the final norm, one row a response token: that of the token before it. `[response tokens,
    /// hidden]`
    let hidden: Tensor
    let head: Value  // [vocabulary, hidden]

    /// Runs a model over a batch, without a tape.
    ///
    /// - Parameter features: of the model's tower for the batch's images, when they are at hand
    /// - Throws: `ModelsError` for images the model cannot read
    public init(_ model: LlavaModel, _ batch: AlignmentBatch, features: Value? = nil) throws {
        let output = model.language.forward(
            try batch.embeddings(model, features: features), positions: batch.positions, layout: batch.layout,
            sharing: batch.sharing, keepsTape: false)
        let rows = zip(batch.samples, batch.starts).flatMap { sample, start in
            sample.responsePositions.map { Int32(start + $0 - 1) }
        }
        (hidden, head) = (output.hidden.data.gatheringRows(rows), model.language.head)
    }
}

/// `KL_t(x, y)`: how far the student's distribution of each response token is from the teacher's, given the
/// prompt and the tokens before it (Eq. 2 without the sum), in nats over the first `min(V_T, V_S)` ids.
///
/// The logits are made chunk by chunk, so that `[response tokens, vocabulary]` never exists whole.
///
/// - Returns: per sample, in the order of its response tokens
public func responseDivergences(_ batch: AlignmentBatch, teacher: ResponseStates, student: ResponseStates)
    -> [[Float]]
{
    let count = batch.supervisedTokens
    precondition(
        teacher.hidden.rows == count && student.hidden.rows == count,
        "responseDivergences: \(teacher.hidden.rows) and \(student.hidden.rows) rows for \(count) tokens")
    let head = HeadLoss(weights: LossTerms(), common: min(teacher.head.rows, student.head.rows))
    let rows = (0..<Int32(count)).map { index in
        var row = LossRow(row: index)
        row.teacherRow = index
        return row
    }
    let values = head(
        hidden: Value(student.hidden), head: student.head, rows: LossRows(rows),
        teacher: TeacherLogits(hidden: teacher.hidden, head: teacher.head)
    ).values
    var next = 0
    return batch.samples.map { sample in
        defer { next += sample.responsePositions.count }
        return values[next..<next + sample.responsePositions.count].map { Float($0.kd) }
    }
}
