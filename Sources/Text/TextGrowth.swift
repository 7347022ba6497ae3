import Files

/// How long a text can become by steps of a tokenizer: each makes at most `factor` bytes of one, and `added`
/// more for a text as a whole. Known before any text is read, so that encoding cannot fail.
struct TextGrowth: Equatable {
    var factor = 1.0
    var added = 0.0

    /// The growth by these steps and then others.
    func followed(by next: TextGrowth) -> TextGrowth {
        TextGrowth(factor: factor * next.factor, added: added * next.factor + next.added)
    }

    /// Replacing a pattern wherever it stands.
    static func replacing(_ pattern: [UInt8], with content: [UInt8]) -> TextGrowth {
        TextGrowth(factor: max(1, Double(content.count) / Double(pattern.count)))
    }

    /// Refuses steps that could make too much of a text of one byte.
    ///
    /// - Throws: `FilesError.tooLarge`
    func check(_ tokenizer: JSONField, _ field: String, _ steps: Int) throws {
        guard steps <= Limit.tokenizerSteps.value else {
            throw FilesError.tooLarge(
                path: tokenizer.file, item: "'\(field)'", limit: Limit.tokenizerSteps.value,
                name: .tokenizerSteps)
        }
        guard factor + added <= Double(Limit.tokenizerGrowth.value) else {
            throw FilesError.tooLarge(
                path: tokenizer.file, item: "a text after '\(field)'", limit: Limit.tokenizerGrowth.value,
                name: .tokenizerGrowth)
        }
    }
}
