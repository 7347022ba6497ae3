import Benchmarks
import Foundation
import TestSupport

/// The golden cases of one benchmark: made-up data in the official layout, scored by the reference scorers.
struct Golden {
    let folder: URL
    let expected: [String: Any]
    let prompts: [String: Any]

    /// Every folder of golden data for `benchmark`, of the repository and of `$ALIGN_TI_FIXTURES`.
    static func all(_ benchmark: String) throws -> [Golden] {
        let folders = Fixtures.entries("benchmarks").filter {
            $0.lastPathComponent == benchmark && Fixtures.has("expected.json", in: $0)
                && Fixtures.has("data", in: $0)
        }
        return try folders.map { folder in
            Golden(
                folder: folder, expected: try json(folder.appendingPathComponent("expected.json")),
                prompts: (try? json(folder.appendingPathComponent("expected_prompts.json"))) ?? [:])
        }
    }

    static func json(_ url: URL) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: try Data(contentsOf: url)) as? [String: Any] ?? [:]
    }

    var data: URL { folder.appendingPathComponent("data") }
    var headline: String { expected["headline"] as? String ?? "" }

    /// Whether this is the repository's, which has to be whole.
    var isOwn: Bool { Fixtures.isOwn(folder) }

    /// Case name -> (its answers, what the reference makes of them).
    var cases: [(name: String, answers: URL, expected: [String: Any])] {
        (expected["cases"] as? [String: [String: Any]] ?? [:]).sorted { $0.key < $1.key }.compactMap {
            name, values in
            let file = values["file"] as? String ?? ""
            return Fixtures.has(file, in: folder) ? (name, folder.appendingPathComponent(file), values) : nil
        }
    }

    var vectors: [[String: Any]] { expected["normalization"] as? [[String: Any]] ?? [] }

    /// Whether the folder says what is asked of a model.
    var hasPrompts: Bool { Fixtures.has("expected_prompts.json", in: folder) }

    /// Whether a file of the data set is there; another's folder may lack it.
    func has(_ file: String) -> Bool { Fixtures.has("data/\(file)", in: folder) }

    /// The score's numbers, read back from the JSON it is written as.
    static func details(_ score: BenchmarkScore) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(score.details.encoded(indented: true).utf8))
            as? [String: Any] ?? [:]
    }

    /// Where `found` lacks or contradicts what is expected; numbers may differ by 1e-9, strings in no code
    /// point.
    static func differences(_ expected: Any, _ found: Any?, at path: String = "", ignoring: Set<String> = [])
        -> [String]
    {
        switch expected {
        case let members as [String: Any]:
            let others = found as? [String: Any]
            return members.filter { !ignoring.contains($0.key) }.flatMap { name, value in
                differences(value, others?[name], at: "\(path)/\(name)", ignoring: ignoring)
            }
        case let text as String:
            return same(text, found as? String)
                ? [] : ["\(path): expected \(text), found \(found ?? "nothing")"]
        case is NSNull:
            return found is NSNull ? [] : ["\(path): expected null, found \(found ?? "nothing")"]
        case let number as NSNumber:
            guard let other = found as? NSNumber, abs(other.doubleValue - number.doubleValue) <= 1e-9 else {
                return ["\(path): expected \(number), found \(found ?? "nothing")"]
            }
            return []
        default:
            return ["\(path): cannot compare \(expected)"]
        }
    }

    /// Equal code point by code point.
    static func same(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return Array(a.unicodeScalars) == Array(b.unicodeScalars)
    }

    /// The asked questions against `expected_prompts.json`: ids, prompts, image, options and generation
    /// settings.
    func promptDifferences(_ benchmark: any Benchmark) -> [String] {
        let rules = benchmark.answering
        let generation = prompts["generation"] as? [String: Any] ?? [:]
        var differences: [String] = []
        if generation["max_new_tokens"] as? Int != rules.maximumNewTokens {
            differences.append("max_new_tokens")
        }
        if generation["stop_string"] as? String != rules.stopString { differences.append("stop_string") }
        let items = prompts["items"] as? [[String: Any]] ?? []
        if items.isEmpty || items.count != benchmark.questions.count {
            differences.append("\(items.count) prompts, \(benchmark.questions.count) questions")
        }
        for (item, question) in zip(items, benchmark.questions) {
            let record = AnswerRecord(answering: question, text: "x", modelID: "m").json
            let id: Any =
                switch question.id {
                case .integer(let value): value
                case .string(let value): value
                }
            differences += Golden.differences(item["question_id"] ?? NSNull(), id, at: "question_id")
            for (name, found) in [
                ("saved_prompt", question.savedPrompt), ("model_prompt", question.conversation),
            ]
            where !Golden.same(item[name] as? String, found) {
                differences.append("\(question.id): \(name) is \(found)")
            }
            if item["has_image"] as? Bool == question.image.isNone {
                differences.append("\(question.id): has_image")
            }
            if let options = item["options"] as? [String], options != question.options.map(\.text) {
                differences.append("\(question.id): options")
            }
            if let letters = item["option_char"] as? [String], letters != question.options.map(\.letter) {
                differences.append("\(question.id): option_char")
            }
            if item["round_id"] as? Int == 0, record["round_id"]?.double != 0 {
                differences.append("\(question.id): round_id")
            }
        }
        return differences
    }
}
