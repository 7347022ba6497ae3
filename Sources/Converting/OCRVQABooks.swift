import Files
import Foundation

/// OCR-VQA: questions about the covers of books, a conversation a book.
///
/// `dataset.json` is an object of id -> `questions`, `answers`, `split` (1 train, 2 val, 3 test) and more.
/// The covers are `images/<id>.jpg`, as LLaVA's conversations name them, whatever they are.
struct OCRVQABooks: Converter {
    let files: [URL]
    private let splits: [DataSplit]
    private let wording: Wording

    init(_ source: FetchedFolder, _ settings: ConvertingSettings) throws {
        files = [
            try source.file(
                "dataset.json", remedy: "it lies in the folder of Google Drive that ocr-vqa.github.io links")
        ]
        (splits, wording) = (settings.orderedSplits, Wording(settings))
    }

    func convert(into run: inout ConversionRun) throws {
        let items = try JSONItems(files[0], .object)
        while let item = try items.next() {
            let id = "ocr-vqa-\(item.name ?? "")"
            let row = SourceRow(file: files[0].path, place: item.place, id: id)
            let read = try run.read(row) { () -> [Asked]? in
                let record = try row.parsed(item.bytes)
                let split = DataSplit.allCases[try record["split"].integer(in: 1...3) - 1]
                guard splits.contains(split) else { return nil }
                _ = try JSONField(file: "\(row.file): \(row.place)", value: .string(item.name ?? "")).idName()
                return try Self.asked(record)
            }
            guard let wanted = read else { continue }
            guard let asked = wanted else {
                run.leaveOut(isRead: true)
                continue
            }
            try run.write(
                wording.sample(id: id, image: "images/\(item.name ?? "").jpg", wording.short(asked)), of: row)
        }
    }

    private static func asked(_ record: JSONField) throws -> [Asked] {
        let questions = try record["questions"].elements()
        let answers = try record["answers"].elements()
        guard !questions.isEmpty, questions.count == answers.count else {
            throw try record["answers"].bad(
                expected: "an answer for each of \(questions.count) questions, at least one")
        }
        return try zip(questions, answers).map { question, answer in
            Asked(question: try question.text(), answer: try answer.text())
        }
    }
}
