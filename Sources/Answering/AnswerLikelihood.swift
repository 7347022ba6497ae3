import Autograd
import CKernels
import Models
import Tensors

extension LanguageModel {
    /// Log-probabilities of answers to one prompt at temperature 1, token by token, in nats.
    ///
    /// The prompt is computed once for several answers. What else is asked at the time has no part in the
    /// passes, so an interrupted run finds the same numbers again.
    ///
    /// - Parameters:
    ///   - answers: ids, at least one each; the end is one of them where it was said
    ///   - prompt: embeddings, `[length, hidden]`, length at least 1
    package func logProbabilities(of answers: [[Int32]], after prompt: Value) -> [[Double]] {
        stride(from: 0, to: answers.count, by: Self.answersOfAPass).flatMap { start in
            passed(Array(answers[start..<min(answers.count, start + Self.answersOfAPass)]), prompt)
        }
    }

    private static let answersOfAPass = 8
    private static let logitRows = 64

    private func passed(_ answers: [[Int32]], _ prompt: Value) -> [[Double]] {
        precondition(
            prompt.rows > 0 && answers.allSatisfy { !$0.isEmpty }, "logProbabilities: nothing to predict")
        // The row of each token predicts the next one, so the last token has none.
        let lengths = answers.map { prompt.rows + $0.count - 1 }
        let beginning = RowSharing.Prefix(key: 0, rows: prompt.rows - 1)
        let sharing =
            answers.count > 1
            ? RowSharing(lengths: lengths, prefixes: answers.map { _ in beginning }) : nil
        let embeddings = concatenateRows(
            answers.flatMap { ids in
                ids.count > 1 ? [prompt, embed(Array(ids.dropLast()))] : [prompt]
            })
        let hidden = forward(
            Value(embeddings.data), positions: lengths.flatMap { 0..<Int32($0) },
            layout: .causal(lengths: lengths), sharing: sharing, keepsTape: false
        ).hidden.data
        var end = 0
        return zip(answers, lengths).map { ids, length in
            end += length
            return logProbabilities(of: ids, hidden.rows(end - ids.count..<end))
        }
    }

    /// - Parameter hidden: the rows that predict the ids, `[ids.count, hidden]`
    private func logProbabilities(of ids: [Int32], _ hidden: Tensor) -> [Double] {
        stride(from: 0, to: ids.count, by: Self.logitRows).flatMap { start in
            let rows = start..<min(ids.count, start + Self.logitRows)
            let logits = logits(hidden.rows(rows))
            return rows.map { row in
                let values = logits.pointer + (row - start) * logits.width
                return Double(values[Int(ids[row])]) - Double(ck_log_sum_exp(values, logits.width))
            }
        }
    }
}
