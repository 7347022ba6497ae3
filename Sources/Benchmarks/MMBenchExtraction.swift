import Files

/// Option that an answer chooses, by two rule sets.
package enum MMBenchExtraction {
    private static let letters = ["A", "B", "C", "D", "E"]
    private static let frames = [
        ("", "."), ("", ","), ("", ":"), ("", ")"), ("", ")."), ("(", ")"), ("(", ")."), (":", ""),
        (":", ","), (":", "."),
        (":", ")"), (":", ")."),
    ]
    private static let apiFailure = "Failed to obtain answer via API"

    /// The spreadsheet between answers and scorer turns an empty answer and its spellings into the text
    /// `nan`.
    static func throughSpreadsheet(_ text: String) -> String { isMissingInTable(text) ? "nan" : text }

    /// The official scorer of 2023 without its ChatGPT fallback; nil is no option.
    package static func official(_ text: String, options: [Question.Option]) -> String? {
        if !text.holds(apiFailure) {
            let words = text.words.map { ExactKey($0) }
            let tokens = Set(words)
            func only(_ prefix: String, _ suffix: String) -> String? {
                let found = letters.filter { tokens.contains(ExactKey(prefix + $0 + suffix)) }
                return found.count == 1 ? found[0] : nil
            }
            // A lone A in a longer text is taken for the article.
            if let letter = only("", ""), letter != "A" || words.count <= 3 { return letter }
            for (prefix, suffix) in frames {
                if let letter = only(prefix, suffix) { return letter }
            }
        }
        return onlyOption(within: text.lowered, options)
    }

    /// VLMEvalKit's exact matching of October 2025; `Z` is a refusal, nil no option.
    package static func vlmEvalKit(_ text: String, options: [Question.Option]) -> String? {
        let refusals = [
            "Sorry, I can't help with images of people yet.", "I can't process this file.",
            "I'm sorry, but without the image provided", "Cannot determine the answer",
        ]
        if refusals.contains(where: { text.holds($0) }) { return "Z" }
        if !text.holds(apiFailure) {
            let marks = Set(".()[],:;!*#{}".unicodeScalars)
            let words = text.scalars.map { marks.contains($0) ? " " : $0 }.words.map { String($0) }
            let found = options.map(\.letter).filter { letter in words.contains { $0.isExactly(letter) } }
            if found.count == 1, let place = words.firstIndex(where: { $0.isExactly(found[0]) }),
                place > words.count - 5
            {
                return found[0]
            }
            if found.isEmpty, words.contains(where: { $0.isExactly("Z") }) { return "Z" }
        }
        let lowered = text.lowered
        let room = 2 * options.reduce(0) { $0 + $1.text.unicodeScalars.count }
        return lowered.unicodeScalars.count > room ? nil : onlyOption(within: lowered, options)
    }

    /// The letter of the one option whose lower-cased text stands in the answer.
    private static func onlyOption(within text: String, _ options: [Question.Option]) -> String? {
        let found = options.filter { text.holds($0.text.lowered) }
        return found.count == 1 ? found[0].letter : nil
    }
}
