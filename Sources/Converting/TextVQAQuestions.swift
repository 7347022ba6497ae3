import Files
import Foundation
import Shards

/// TextVQA: questions about text in a photograph, with ten people's answers.
///
/// `TextVQA_0.5.1_<split>.json` has `data`, whose elements have `question`, `question_id`, `image_id` and
/// `answers`; `TextVQA_Rosetta_OCR_v0.2_<split>.json` has `data` with `image_id` and `ocr_tokens`.
struct TextVQAQuestions: Converter {
    let files: [URL]
    private let questions: [URL]
    private let tokens: [URL]
    private let wording: Wording

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        let splits = settings.orderedSplits
        questions = try splits.map { try source.file("TextVQA_0.5.1_\($0.rawValue).json") }
        tokens =
            try settings.ocrTokens
            ? splits.map { try source.file("TextVQA_Rosetta_OCR_v0.2_\($0.rawValue).json") } : []
        files = questions + tokens
        wording = Wording(settings)
    }

    func convert(into run: inout ConversionRun) throws {
        for (number, file) in questions.enumerated() {
            let read = try tokens.isEmpty ? nil : Self.tokens(tokens[number])
            let items = try JSONItems(file, at: ["data"], .array)
            while let item = try items.next() {
                let row = SourceRow(file: file.path, place: item.place)
                try run.take(row) { try sample(row.parsed(item.bytes), read) }
            }
        }
    }

    private func sample(_ record: JSONField, _ read: [ExactKey: String]?) throws -> LlavaSample {
        let image = try record["image_id"].idName()
        var question = try record["question"].wholeText().capitalised
        if let read {
            guard let tokens = read[ExactKey(image)] else {
                throw try record["image_id"].bad(expected: "an image of \(tokens[0].lastPathComponent)")
            }
            question += "\nReference OCR token: \(tokens)"
        }
        let answer = try Self.mostGiven(record["answers"])
        return wording.sample(
            id: "textvqa-\(try record["question_id"].integer(in: 0...Int.max))",
            image: "train_images/\(image).jpg",
            [Asked(question: wording.short(question), answer: answer)])
    }

    /// The answer that most people gave, whatever its letters' case, as the first of them spelt it; of
    /// answers that as many gave the one that was given first.
    private static func mostGiven(_ field: JSONField) throws -> String {
        var groups: [(key: String, spelling: String, count: Int)] = []
        for answer in try field.strings().map(\.trimmed) where !answer.isEmpty {
            let key = answer.lowercased()
            if let group = groups.firstIndex(where: { $0.key == key }) {
                groups[group].count += 1
            } else {
                groups.append((key, answer, 1))
            }
        }
        let most = groups.map(\.count).max()
        guard let best = groups.first(where: { $0.count == most }) else {
            throw field.bad(expected: "at least one answer that is not empty")
        }
        return best.spelling
    }

    /// What the set's OCR read in each image, as the benchmark writes it.
    private static func tokens(_ file: URL) throws -> [ExactKey: String] {
        var read: [ExactKey: String] = [:]
        let items = try JSONItems(file, at: ["data"], .array)
        while let item = try items.next() {
            let record = try JSONField(parsing: item.bytes, file: "\(file.path): \(item.place)")
            let tokens = try record["ocr_tokens"].strings()
            read[ExactKey(try record["image_id"].string())] = tokens.joined(separator: ", ")
        }
        return read
    }
}
