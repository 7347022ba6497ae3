/// A sample as the model reads it: visual placeholders in place, cut to the limit.
public struct PackedSample: Sendable, Equatable {
    public let inputIDs: [Int32]  // [tokens]
    /// The id at response tokens, -100 elsewhere; not shifted.
    public let labels: [Int32]  // [tokens]
    /// 1 at every text token after the image that is not response, all turns; all 0 without an image.
    public let instructionMask: [UInt8]  // [tokens]
    /// Where the visual tokens are; nil without an image.
    public let visualRange: Range<Int>?

    public init(inputIDs: [Int32], labels: [Int32], instructionMask: [UInt8], visualRange: Range<Int>?) {
        precondition(
            inputIDs.count == labels.count && labels.count == instructionMask.count,
            "\(inputIDs.count) ids, \(labels.count) labels, \(instructionMask.count) mask entries")
        self.inputIDs = inputIDs
        self.labels = labels
        self.instructionMask = instructionMask
        self.visualRange = visualRange
    }

    /// How many response tokens are within the limit; 0 means that nothing is learnt.
    public var supervisedCount: Int { labels.count { $0 != TokenizedConversation.ignoreIndex } }
}

extension TokenizedConversation {
    /// Puts `visualTokens` copies of `imageTokenID` where the sentinel stands and cuts on the right.
    ///
    /// A response cut short has fewer tokens and no end. A sample may come out without any response token
    /// (`supervisedCount` 0): whether it is kept is the caller's to decide and to report.
    ///
    /// - Parameters:
    ///   - visualTokens: per image, at least 1
    ///   - maximumLength: in tokens after expansion, at least 1
    public func expanded(visualTokens: Int, imageTokenID: Int32, maximumLength: Int) throws(SampleProblem)
        -> PackedSample
    {
        precondition(
            visualTokens > 0 && maximumLength > 0, "\(visualTokens) visual tokens, limit \(maximumLength)")
        let images = ids.indices.filter { ids[$0] == Self.imageTokenIndex }
        guard images.count <= 1 else { throw .severalImages(images.count) }
        if let position = ids.firstIndex(of: imageTokenID) { throw .imageTokenInText(position: position) }

        guard let image = images.first else {
            let kept = min(ids.count, maximumLength)
            return PackedSample(
                inputIDs: Array(ids.prefix(kept)), labels: Array(labels.prefix(kept)),
                instructionMask: Array(repeating: 0, count: kept), visualRange: nil)
        }
        let (end, overflows) = image.addingReportingOverflow(visualTokens)
        guard !overflows, end <= maximumLength else {
            throw .visualTokensCut(needed: overflows ? .max : end, maximumLength: maximumLength)
        }
        let textAfter = ids.indices.suffix(from: image + 1).prefix(maximumLength - end)
        let ignored = Array(repeating: Self.ignoreIndex, count: visualTokens)
        let whole = ids(visualTokens: visualTokens, as: imageTokenID)
        return PackedSample(
            inputIDs: Array(whole.ids.prefix(maximumLength)),
            labels: labels[..<image] + ignored + labels[textAfter],
            instructionMask: Array(repeating: 0, count: end)
                + labels[textAfter].map { $0 == Self.ignoreIndex ? 1 : 0 },
            visualRange: whole.visual)
    }

    /// The ids with the image's stand-in made as long as the image, and where it then stands; nil without one.
    ///
    /// - Parameter id: stands for each visual token
    public func ids(visualTokens: Int, as id: Int32 = imageTokenIndex) -> (
        ids: [Int32], visual: Range<Int>?
    ) {
        guard let image = ids.firstIndex(of: Self.imageTokenIndex) else { return (ids, nil) }
        return (
            ids[..<image] + Array(repeating: id, count: visualTokens) + ids[(image + 1)...],
            image..<image + visualTokens
        )
    }
}

extension ConversationTemplate {
    /// From turns to a packed sample, or the reason why there is none; a sample with nothing left to learn is
    /// refused.
    public func pack(
        _ turns: [ConversationTurn], imageCount: Int, tokenizer: Tokenizer, visualTokens: Int,
        imageTokenID: Int32,
        maximumLength: Int
    ) -> Result<PackedSample, SampleProblem> {
        Result { () throws(SampleProblem) in
            let tokenized = TokenizedConversation(
                try segments(turns, imageCount: imageCount), tokenizer: tokenizer)
            let sample = try tokenized.expanded(
                visualTokens: visualTokens, imageTokenID: imageTokenID, maximumLength: maximumLength)
            guard sample.supervisedCount > 0 else { throw .nothingSupervised }
            return sample
        }
    }
}
