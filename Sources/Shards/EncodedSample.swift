import Text

/// A conversation as tokens, its image still one token (`ShardFormat.imageTokenIndex`).
struct EncodedSample: Sendable, Equatable {
    let id: String
    /// `[tokens]`
    let ids: [Int32]
    /// `[tokens]`: the token's id where it is supervised, else `ShardFormat.ignoreIndex`.
    let labels: [Int32]

    /// The sample with its image expanded, cut to the limit.
    func packed(visualTokens: Int, maximumLength: Int) throws(SampleProblem) -> PackedSample {
        // A placeholder that no text holds: `expanded` refuses texts that hold it, and the sentinel itself
        // stands in `ids`.
        let packed = try TokenizedConversation(ids: ids, labels: labels)
            .expanded(visualTokens: visualTokens, imageTokenID: .min, maximumLength: maximumLength)
        guard packed.supervisedCount > 0 else { throw .nothingSupervised }
        guard let visual = packed.visualRange else { return packed }
        var inputIDs = packed.inputIDs
        inputIDs.replaceSubrange(
            visual, with: repeatElement(ShardFormat.imageTokenIndex, count: visual.count))
        return PackedSample(
            inputIDs: inputIDs, labels: packed.labels, instructionMask: packed.instructionMask,
            visualRange: visual)
    }
}

/// Turns conversations into tokens.
struct SampleEncoder: Sendable {
    let tokenizer: Tokenizer
    let template: ConversationTemplate
    let visualTokens: Int
    let maximumLength: Int

    /// - Throws: `SampleProblem` for a sample that cannot be trained on
    func encode(_ sample: LlavaSample) throws(SampleProblem) -> EncodedSample {
        let segments = try template.segments(sample.turns, imageCount: sample.image == nil ? 0 : 1)
        let tokens = TokenizedConversation(segments, tokenizer: tokenizer)
        let encoded = EncodedSample(id: sample.id, ids: tokens.ids, labels: tokens.labels)
        _ = try encoded.packed(visualTokens: visualTokens, maximumLength: maximumLength)
        return encoded
    }
}
