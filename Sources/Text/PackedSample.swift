/// Sample as the model reads it: `imageTokenIndex` at every visual token, cut to the limit.
public struct PackedSample: Sendable, Equatable {
    /// Ids of the text, `imageTokenIndex` at visual tokens.
    public let inputIDs: [Int32]  // [tokens]
    /// The id at response tokens, -100 elsewhere; not shifted.
    public let labels: [Int32]  // [tokens]
    /// 1 at every text token after the image that is not response, all turns; all 0 without an image.
    public let instructionMask: [UInt8]  // [tokens]
    /// Positions of the visual tokens; nil without an image.
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
    /// Repeats the image's token for every visual token and cuts on the right.
    ///
    /// A response cut short has fewer tokens and no end.
    ///
    /// - Parameters:
    ///   - visualTokens: per image, at least 1
    ///   - maximumLength: in tokens after expansion, at least 1
    /// - Returns: a sample, maybe without any response token: whether it is kept is the caller's to decide
    /// - Throws: the reason why there is no sample
    public func packed(visualTokens: Int, maximumLength: Int) throws(SampleProblem) -> PackedSample {
        precondition(
            visualTokens > 0 && maximumLength > 0, "\(visualTokens) visual tokens, limit \(maximumLength)")
        let images = ids.indices.filter { ids[$0] == Self.imageTokenIndex }
        guard images.count <= 1 else { throw .severalImages(images.count) }
        let head = images.first ?? 0
        let (end, overflows) = images.isEmpty ? (0, false) : head.addingReportingOverflow(visualTokens)
        guard !overflows, end <= maximumLength else {
            throw .visualTokensCut(needed: overflows ? .max : end, maximumLength: maximumLength)
        }
        let rest = ids.indices.suffix(from: images.isEmpty ? 0 : head + 1).prefix(maximumLength - end)
        let whole = ids(visualTokens: visualTokens)
        return PackedSample(
            inputIDs: Array(whole.ids.prefix(maximumLength)),
            labels: labels[..<head] + Array(repeating: Self.ignoreIndex, count: end - head) + labels[rest],
            instructionMask: Array(repeating: 0, count: end)
                + labels[rest].map { !images.isEmpty && $0 == Self.ignoreIndex ? 1 : 0 },
            visualRange: whole.visual)
    }

    /// The ids with the image's token once for every visual token, and where those stand; nil without an
    /// image.
    public func ids(visualTokens: Int) -> (ids: [Int32], visual: Range<Int>?) {
        guard let image = ids.firstIndex(of: Self.imageTokenIndex) else { return (ids, nil) }
        return (
            ids[..<image] + Array(repeating: Self.imageTokenIndex, count: visualTokens) + ids[(image + 1)...],
            image..<image + visualTokens
        )
    }
}
