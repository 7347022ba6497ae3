import Files
import Foundation
import Shards

/// Visual Dialog 1.0: ten questions about a photograph of COCO by somebody who knows its caption alone.
///
/// `visdial_1.0_train.json` has `data` with `questions` and `answers`, lists of texts, and `dialogs`, whose
/// elements have `image_id`, `caption` and `dialog`, a list of `question` and `answer`, which are places in
/// those lists.
struct VisualDialogs: Converter {
    let files: [URL]
    private let dialogs: URL
    private let captions: [URL]
    private let wording: Wording

    init(_ source: FetchedFolder, coco: FetchedFolder, _ settings: ConvertingSettings) throws {
        dialogs = try source.file("visdial_1.0_train.json", from: "visdial_1.0_train.zip")
        captions = try CocoPhotographs.folders.map { try coco.captions($0) }
        files = [dialogs] + captions
        wording = Wording(settings)
    }

    /// The two lists that dialogs point into.
    private struct Texts { var questions = TextList(), answers = TextList() }

    func convert(into run: inout ConversionRun) throws {
        var photographs = CocoPhotographs()
        for (folder, file) in captions.enumerated() { try photographs.add(folder, of: file) }
        let texts = Texts(
            questions: try Self.texts(dialogs, "questions"), answers: try Self.texts(dialogs, "answers"))
        let items = try JSONItems(dialogs, at: ["data", "dialogs"], .array)
        while let item = try items.next() {
            let row = SourceRow(file: dialogs.path, place: item.place)
            try run.take(row) { try sample(row.parsed(item.bytes), texts, photographs) }
        }
    }

    private static func texts(_ file: URL, _ list: String) throws -> TextList {
        var table = TextList()
        let items = try JSONItems(file, at: ["data", list], .array)
        while let item = try items.next() {
            let place = "\(file.path): data.\(list), \(item.place)"
            table.append(try JSONField(parsing: item.bytes, file: place).string().trimmed)
        }
        return table
    }

    private func sample(_ record: JSONField, _ texts: Texts, _ photographs: CocoPhotographs) throws
        -> LlavaSample
    {
        let number = try record["image_id"].photograph()
        let id = "visual-dialog-\(number)"
        let turns = try record["dialog"].elements()
        guard !turns.isEmpty else { throw try record["dialog"].bad(expected: "at least one question") }
        let asked = try turns.map { turn in
            let answer = try Self.text(turn["answer"], texts.answers)
            return Asked(
                question: Self.asQuestion(try Self.text(turn["question"], texts.questions)),
                answer: wording.shortAnswer(answer))
        }
        let caption = try record["caption"].text()
        let opening =
            wording.settings.dialogCaption
            ? [Asked(question: wording.captionRequest(id: id), answer: caption.capitalised)] : []
        return wording.sample(
            id: id, image: try photographs.image(number), opening + wording.short(asked))
    }

    private static func text(_ field: JSONField, _ table: TextList) throws -> String {
        guard table.count > 0 else { throw field.bad(expected: "a place in a list, which is empty") }
        let text = table[try field.integer(in: 0...table.count - 1)]
        guard !text.isEmpty else { throw field.bad(expected: "the place of a text that is not empty") }
        return text
    }

    /// Questions are published in small letters and without their mark.
    private static func asQuestion(_ text: String) -> String {
        text.capitalised + (text.hasSuffix("?") ? "" : "?")
    }
}
