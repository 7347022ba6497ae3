import Answering
import Files
import Foundation
import Images
import Models
import Ranks
import TestSupport
import Text

/// Conversations about four pictures, and the smallest teacher with a tokenizer, in a folder.
struct TinyConversations {
    let folder: URL
    var model: URL { folder.appendingPathComponent("model") }
    var images: URL { folder.appendingPathComponent("images") }
    var data: URL { folder.appendingPathComponent("data.json") }
    let records: [JSONValue]

    /// - Parameter records: as in LLaVA's JSON; their pictures are `0.png` to `3.png`
    init(in folder: URL, _ records: [JSONValue] = Self.records(9)) throws {
        (self.folder, self.records) = (folder, records)
        let manager = FileManager.default
        try manager.copyItem(at: tinyModel.appendingPathComponent("teacher"), to: model)
        let tokenizer = try BPETrainer(vocabularySize: 268, specialTokens: ["<|endoftext|>", "<image>"])
            .train(
                on: ["red", "green", "blue", "what is it?", "USER ASSISTANT"])
        try AtomicOutput.writeAtomically(tokenizer, to: model.appendingPathComponent("tokenizer.json"))
        for index in 0..<4 {
            let image = RGBImage(
                width: 20 + 7 * index, height: 24,
                colour: (red: UInt8(60 * index), green: UInt8(200 - 50 * index), blue: 90))
            try AtomicOutput.writeAtomically(
                image.pngBytes(), to: images.appendingPathComponent("\(index).png"))
        }
        try AtomicOutput.writeAtomically(JSONValue.array(records).text(.line), to: data)
    }

    /// Every third has no picture; the others have two questions, of which the first shows it.
    static func records(_ count: Int) -> [JSONValue] {
        (0..<count).map { index in
            let hasImage = index % 3 != 2
            var record: JSONObject = ["id": .int(100 + index)]
            if hasImage { record.append("image", .string("\(index % 4).png")) }
            record.append("source", "tests")
            var turns: [JSONValue] = [
                ["from": "human", "value": .string((hasImage ? "<image>\n" : "") + "what is \(index)?")],
                ["from": "gpt", "value": .string("red \(index)")],
            ]
            if hasImage {
                turns += [
                    ["from": "human", "value": "and then?"], ["from": "gpt", "value": "green"],
                ]
            }
            record.append("conversations", .array(turns))
            return .object(record)
        }
    }

    /// Answers are short, and all are kept that say anything.
    static func settings(_ change: (inout WritingSettings) -> Void = { _ in }) -> WritingSettings {
        var settings = WritingSettings()
        (settings.maximumNewTokens, settings.filter.keepsCut, settings.system) = (6, true, "")
        change(&settings)
        return settings
    }

    func writing(_ settings: WritingSettings, images: URL? = nil) throws -> AnswerWriting {
        try AnswerWriting(
            data: [data], images: images ?? self.images,
            prompts: ConversationPrompts(model: model, settings), settings)
    }

    /// The lines of all samples.
    func drawn(_ settings: WritingSettings, images: URL? = nil, ranks: Ranks = .alone) throws
        -> [DrawnAnswers]
    {
        var lines: [DrawnAnswers] = []
        try writing(settings, images: images).answer(
            from: 0, by: LlavaModel(folder: model), waitingIn: folder, ranks: ranks
        ) { lines += $0 }
        return lines
    }

    /// Writes both files into a folder; goes on where an earlier call was stopped.
    ///
    /// - Parameter appended: called after lines are in the file; it may throw to stop
    @discardableResult
    func write(
        _ settings: WritingSettings, to name: String, appended: (Int) throws -> Void = { _ in }
    ) throws -> (counts: WritingCounts, conversations: [JSONValue]) {
        let output = folder.appendingPathComponent(name)
        let writing = try writing(settings)
        let drawn = try DrawnFile(output.appendingPathComponent(DrawnFile.name), writing)
        try writing.answer(from: drawn.samples, by: LlavaModel(folder: model), waitingIn: output) {
            try drawn.append($0)
            try appended(drawn.samples)
        }
        try drawn.close()
        let file = output.appendingPathComponent(AnswerWriting.file)
        let counts = try writing.write(drawn, to: file)
        guard case .array(let conversations) = try JSONValue(parsing: InputBytes.read(file)) else {
            throw FilesError.missing(path: file.path)
        }
        return (counts, conversations)
    }
}

extension JSONValue {
    /// The texts of a record's turns.
    var turns: [String] {
        guard case .array(let turns)? = self["conversations"] else { return [] }
        return turns.compactMap { $0["value"]?.string }
    }
}
