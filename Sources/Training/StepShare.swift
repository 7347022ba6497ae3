import Distillation

/// What one rank's samples of a step add to the counts that divide every rank's losses.
struct StepShare: Codable {
    /// IDs of the samples.
    var samples: [String]
    /// Samples whose responses are the student's own.
    var sampled = 0
    /// Tokens, visual ones included, and those of them that are supervised or distilled.
    var tokens = 0, supervisedTokens = 0, distilledTokens = 0

    init(samples: [String]) { self.samples = samples }

    /// Adds a batch as it is run, sampled responses included.
    mutating func count(_ batch: AlignmentBatch) {
        tokens += batch.rows
        supervisedTokens += batch.supervisedTokens
        distilledTokens += batch.distilledTokens
    }
}
