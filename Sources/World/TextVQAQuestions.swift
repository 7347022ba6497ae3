/// Questions of TextVQA: reading the sign. The OCR hint is right half of the time and else wrong or empty, so
/// copying it is not enough.
enum TextVQAQuestions {
    static let words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    private static let texts = [
        "what does the sign say?", "what number is on the sign?", "what digit is on the sign?",
    ]

    static func drawn(about sign: Sign, _ stream: inout RandomStream) -> Question {
        let others = (0..<10).filter { $0 != sign.digit }
        let hint: [String] =
            switch stream.below(4) {
            case 0: []
            case 1: [String(stream.pick(others))]
            case 2: [String(sign.digit)]
            default: [String(sign.digit), "sign"]
            }
        let text = stream.pick(texts)
        return Question(
            .textvqa, "sign", text.prefix(1).uppercased() + text.dropFirst(), answer: String(sign.digit),
            wrong: others.map(String.init), ocrTokens: hint)
    }

    /// Ten answers as annotators give them. At least five are the digit; the others spell it, add an article
    /// or are wrong.
    static func annotators(_ digit: Int, _ stream: inout RandomStream) -> [String] {
        let slips = [
            words[digit], words[digit].prefix(1).uppercased() + words[digit].dropFirst(), "\(digit).",
            "the \(digit)",
            "number \(digit)", "\(digit)\(digit)", String((digit + 1) % 10),
        ]
        return stream.shuffled(
            (0..<10).map { $0 < 5 || stream.chance(0.5) ? String(digit) : stream.pick(slips) })
    }
}
