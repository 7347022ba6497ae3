/// A conversation as ids: one sentinel where the image goes, labels beside.
public struct TokenizedConversation: Sendable, Equatable {
    /// LLaVA's stand-in for an image, no token's id.
    public static let imageTokenIndex: Int32 = -200
    /// The label of a position that is not learnt.
    public static let ignoreIndex: Int32 = -100

    /// Kind of a position.
    public enum Role: UInt8, Sendable { case text, response, image }

    /// Ids of the text, `imageTokenIndex` where the image goes.
    public private(set) var ids: [Int32]  // [tokens]
    /// The id itself at response tokens, -100 elsewhere; not shifted.
    public private(set) var labels: [Int32]  // [tokens]
    /// Answers whose first token also holds the end of the prompt, because the tokenizer merges across the
    /// seam.
    public private(set) var mergedSeams = 0

    /// Role of each position.
    public var roles: [Role] {
        zip(ids, labels).map { id, label in
            id == Self.imageTokenIndex ? .image : label == Self.ignoreIndex ? .text : .response
        }
    }

    /// How many tokens are learnt, the ends of answers included.
    public var supervisedCount: Int { labels.count { $0 != Self.ignoreIndex } }

    /// - Parameters:
    ///   - ids: as tokenised; `imageTokenIndex` where an image goes
    ///   - labels: as many
    public init(ids: [Int32], labels: [Int32]) {
        precondition(ids.count == labels.count, "\(ids.count) ids, \(labels.count) labels")
        self.ids = ids
        self.labels = labels
    }

    /// Tokenises segments the way LLaVA does: the text before and after an image apart, each as a whole, the
    /// tokenizer's opening tokens (`<s>`) once at the front, its closing ones not at all (templates write the
    /// end).
    ///
    /// A text between images is cut after every answer, where an added token ends it, so the pieces together
    /// are the tokens of the whole. Within a piece the answer starts after the prompt's own tokens, as far as
    /// they are the first tokens of prompt and answer together. Where a token spans the seam (a ChatML answer
    /// that starts with a newline) it is supervised, since it holds the start of the answer, and counted in
    /// `mergedSeams`.
    public init(_ segments: [Segment], tokenizer: Tokenizer) {
        ids = tokenizer.specialPrefix
        labels = ids.map { _ in Self.ignoreIndex }
        var prompt = ""
        var answer = ""
        var atStart = true
        func flush(_ result: inout TokenizedConversation) {
            if !(prompt.isEmpty && answer.isEmpty) { result.append(prompt, answer, atStart, tokenizer) }
            atStart = false
            prompt = ""
            answer = ""
        }
        for segment in segments {
            switch segment {
            case .text(let text, supervised: false):
                if !answer.isEmpty { flush(&self) }
                prompt += text
            case .text(let text, supervised: true): answer += text
            case .image:
                flush(&self)
                ids.append(Self.imageTokenIndex)
                labels.append(Self.ignoreIndex)
                atStart = true
            }
        }
        flush(&self)
    }

    private mutating func append(_ prompt: String, _ answer: String, _ atStart: Bool, _ tokenizer: Tokenizer)
    {
        let whole = tokenizer.encode(prompt + answer, atStart: atStart)
        var start = whole.count
        if !answer.isEmpty {
            let head = prompt.isEmpty ? [] : tokenizer.encode(prompt, atStart: atStart)
            start = zip(head, whole).prefix { $0 == $1 }.count
            if start < head.count { mergedSeams += 1 }
        }
        ids += whole
        labels += whole.indices.map { $0 < start ? Self.ignoreIndex : whole[$0] }
    }
}
