import Files
import Foundation

/// What came of the samples and their answers.
public struct WritingCounts: Sendable, Equatable {
    /// Records of the data; those that could not be asked about; those without an answer that is kept.
    public internal(set) var (samples, skipped, leftOut) = (0, 0, 0)
    /// Conversations that are written, and questions in them.
    public internal(set) var (conversations, turns) = (0, 0)
    /// Answers that were drawn.
    public internal(set) var answers = 0
    /// Why answers are not kept, with how many each.
    public internal(set) var problems: [DrawnAnswer.Problem: Int] = [:]
    /// Of the answers that are kept: tokens, and sums for the means.
    public internal(set) var (kept, tokens) = (0, 0)
    private var (logProbability, agreement, compared) = (0.0, 0.0, 0)

    /// Mean over kept answers of their tokens' mean log-probability, in nats.
    public var meanLogProbability: Double? { kept == 0 ? nil : logProbability / Double(kept) }
    /// Mean over kept answers of their agreement with the data's, where it has one.
    public var meanAgreement: Double? { compared == 0 ? nil : agreement / Double(compared) }

    mutating func add(_ answer: DrawnAnswer) {
        answers += answer.problem == .longPrompt ? 0 : 1
        if let problem = answer.problem {
            problems[problem, default: 0] += 1
            return
        }
        kept += 1
        tokens += answer.tokens
        logProbability += answer.logProbability ?? 0
        if let agreed = answer.agreement {
            agreement += agreed
            compared += 1
        }
    }

    /// For a receipt.
    public var json: JSONValue {
        var object: JSONObject = [
            "samples": .int(samples), "skipped": .int(skipped), "left_out": .int(leftOut),
            "conversations": .int(conversations), "turns": .int(turns), "answers": .int(answers),
            "kept": .int(kept), "tokens": .int(tokens),
        ]
        for problem in DrawnAnswer.Problem.allCases {
            guard let count = problems[problem] else { continue }
            object.append(problem.rawValue.replacing("-", with: "_"), .int(count))
        }
        if let mean = meanLogProbability { object.append("mean_log_probability", .number(mean)) }
        if let mean = meanAgreement { object.append("mean_agreement", .number(mean)) }
        return .object(object)
    }
}

extension AnswerWriting {
    /// Writes the conversations with the answers that are kept: the data's records, in their order and with
    /// all their fields, but for the turns.
    ///
    /// - Parameter drawn: with the answers to all samples
    /// - Throws: `AnsweringError.nothingKept`, `FilesError`
    public func write(_ drawn: DrawnFile, to url: URL) throws -> WritingCounts {
        var counts = WritingCounts()
        let file = try AtomicFile(url)
        try file.write(Array("[".utf8))
        try drawn.reading { next in
            try data.visit { record, bytes in
                let lines = try next()
                counts.samples += 1
                guard case .sample(let sample) = record, lines.first?.badSample == nil else {
                    counts.skipped += 1
                    return
                }
                for answer in lines.flatMap(\.answers) { counts.add(answer) }
                let before = counts.conversations
                for number in 0..<settings.conversations {
                    let draw = settings.keep == .all ? number : nil
                    let texts = lines.map { $0.kept(draw) }
                    guard texts.contains(where: { $0 != nil }) else { continue }
                    let object = try conversation(bytes, sample, texts, draw)
                    try file.write(Array((counts.conversations == 0 ? "\n" : ",\n").utf8))
                    try file.write(JSONValue.object(object).bytes(.line))
                    counts.conversations += 1
                    counts.turns += texts.count { $0 != nil }
                }
                counts.leftOut += counts.conversations == before ? 1 : 0
            }
        }
        guard counts.conversations > 0 else {
            throw AnsweringError.nothingKept(
                samples: counts.samples,
                reasons: Dictionary(uniqueKeysWithValues: counts.problems.map { ($0.key.rawValue, $0.value) })
            )
        }
        try file.write(Array("\n]\n".utf8))
        try file.commit()
        return counts
    }

    /// A record with other answers. A question without one goes, and its picture to the next that stays.
    ///
    /// - Parameters:
    ///   - texts: of each question the answer that is kept
    ///   - draw: stands behind the id where several conversations are made of a sample
    private func conversation(
        _ bytes: [UInt8], _ sample: AskedSample, _ texts: [String?], _ draw: Int?
    ) throws -> JSONObject {
        var turns: [JSONValue] = []
        var (owesImage, hasImage) = (false, false)
        for (asked, text) in zip(sample.questions, texts) {
            guard let text else {
                owesImage = owesImage || asked.hasImage
                continue
            }
            let question = owesImage ? "\(imageMarker)\n\(asked.text)" : asked.text
            turns.append(["from": "human", "value": .string(question)])
            turns.append(["from": "gpt", "value": .string(text)])
            hasImage = hasImage || owesImage || asked.hasImage
            owesImage = false
        }
        var object = try JSONField(parsing: bytes, file: "\(sample.file): \(sample.place)").object()
        if let draw, settings.samples > 1 { object["id"] = .string("\(sample.id)#\(draw)") }
        if !hasImage { object.members.removeAll { $0.name == "image" } }
        object["conversations"] = .array(turns)
        return object
    }
}
