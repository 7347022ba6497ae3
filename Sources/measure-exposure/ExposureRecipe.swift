import Stage

/// What exposure.yaml may say.
struct ExposureRecipe: Recipe {
    /// Tokens of a response that are looked at, and sampled, at most: the largest l.
    var length = 64
    /// Samples whose longest answer has fewer tokens are left out; a short answer says nothing about errors
    /// that add up.
    var minimumResponse = 1
    /// Only the first samples that remain; null for all.
    var samples: Int?
    /// Share of resamples within a band.
    var confidence = 0.95
    /// Bootstrap resamples of the bands.
    var resamples = 1000
    /// Of the sampled responses and the resamples.
    var seed: UInt64 = 0
    /// Rows (tokens, visual ones included) of one forward pass at most.
    var microBatchRows = 8192
    /// Responses sampled side by side.
    var slots = 64

    enum CodingKeys: String, CodingKey {
        case length, samples, confidence, resamples, seed, slots
        case minimumResponse = "minimum_response"
        case microBatchRows = "micro_batch_rows"
    }

    func validate() throws {
        try SettingProblem.require(length, "length", in: 1...1 << 20)
        try SettingProblem.require(minimumResponse, "minimum_response", in: 1...1 << 20)
        if let samples { try SettingProblem.require(samples, "samples", in: 1...Int.max) }
        try SettingProblem.require(resamples, "resamples", in: 1...1_000_000)
        try SettingProblem.require(microBatchRows, "micro_batch_rows", in: 1...10_000_000)
        try SettingProblem.require(slots, "slots", in: 1...4096)
        guard confidence > 0, confidence < 1 else {
            throw SettingProblem("confidence", "is \(confidence), expected a number between 0 and 1")
        }
    }
}
