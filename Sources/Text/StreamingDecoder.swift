/// Text while it is generated: each id in, the text that no later id can change out.
///
/// The pieces never hold half a UTF-8 sequence, and with `finish()` they add up to `Tokenizer.decode`.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecialTokens: Bool
    private var chain: DecodingChain

    public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool) {
        self.tokenizer = tokenizer
        self.skipSpecialTokens = skipSpecialTokens
        chain = DecodingChain(tokenizer.decoderSteps)
    }

    /// The text that has become certain with this id; often empty.
    public mutating func append(_ id: Int32) -> String {
        guard let token = tokenizer.textBytes(of: id), !(skipSpecialTokens && tokenizer.isSpecial(id)) else {
            return ""
        }
        chain.push(token)
        return chain.takeOutput()
    }

    /// What is left once no more ids come; an unfinished sequence becomes U+FFFD.
    public mutating func finish() -> String {
        chain.finish()
        return chain.takeOutput()
    }
}
