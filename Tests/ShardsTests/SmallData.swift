import Files
import Foundation
import Images
import Shards
import Text

/// A data set small enough to write in a test: coloured pictures and short conversations, drawn from a
/// counter.
struct SmallData {
    let folder: URL
    let json: URL
    let imageFolder: URL
    let names: [String]
    let records: [[String: Any]]

    /// - Parameters:
    ///   - samples: every fifth is text only; three samples share a picture
    init(in folder: URL, samples: Int = 23, asLines: Bool = false) throws {
        self.folder = folder
        imageFolder = folder.appendingPathComponent("images")
        json = folder.appendingPathComponent(asLines ? "data.jsonl" : "data.json")
        let pictures = samples / 3 + 1
        var names: [String] = []
        for i in 0..<pictures {
            let image = Self.picture(i)
            let name = "sub\(i % 2)/picture-\(i).\(i % 3 == 0 ? "png" : "jpg")"
            let bytes = try i % 3 == 0 ? image.pngBytes() : image.jpegBytes()
            try AtomicOutput.writeAtomically(bytes, to: imageFolder.appendingPathComponent(name))
            names.append(name)
        }
        self.names = names
        records = (0..<samples).map { i in
            var record: [String: Any] = ["id": i % 2 == 0 ? "sample-\(i)" as Any : i as Any]
            var question = "What is number \(i)?"
            if i % 5 != 4 {
                let name = names[(i * 7 / 3) % pictures]
                record["image"] = i % 7 == 3 ? [name] as Any : name as Any
                question = i % 2 == 0 ? "<image>\n" + question : question + "\n<image>"
            }
            record["conversations"] = [
                ["from": "human", "value": question], ["from": "gpt", "value": "A thing called \(i * i)."],
                ["from": i % 2 == 0 ? "human" : "user", "value": "Sure?"],
                ["from": i % 2 == 0 ? "gpt" : "assistant", "value": "Yes."],
            ]
            return record
        }
        try Self.write(records, to: json)
    }

    static func picture(_ i: Int) -> RGBImage {
        let (width, height) = (20 + i * 3 % 17, 15 + i * 5 % 23)
        let pixels = (0..<width * height * 3).map {
            UInt8(truncatingIfNeeded: $0 * (i + 3) + $0 / width * 11)
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    static func write(_ records: [[String: Any]], to url: URL) throws {
        let lines = try records.map {
            String(
                decoding: try JSONSerialization.data(withJSONObject: $0, options: [.sortedKeys]),
                as: UTF8.self)
        }
        let text =
            url.pathExtension == "jsonl"
            ? lines.joined(separator: "\n") + "\n" : "[\n" + lines.joined(separator: ",\n") + "\n]\n"
        try AtomicOutput.writeAtomically(text, to: url)
    }

    /// A tar of the pictures in the given order.
    func tar(_ name: String, order: [String], compression: Bool = false) throws -> URL {
        let url = folder.appendingPathComponent(name)
        let writer = try TarWriter(url)
        for member in order {
            try writer.add(member, [UInt8](Data(contentsOf: imageFolder.appendingPathComponent(member))))
        }
        try writer.commit()
        guard compression else { return url }
        try AtomicOutput.writeAtomically(
            Zstandard.compress([UInt8](Data(contentsOf: url))), to: url.appendingPathExtension("zst"))
        return url.appendingPathExtension("zst")
    }

    static let visualTokens = 4
    static func tokenizer() throws -> Tokenizer {
        let corpus = (0..<40).map {
            "A chat about number \($0). What is a thing called? Sure? Yes. The assistant USER: ASSISTANT: "
                + "answers"
        }
        return try Tokenizer(json: BPETrainer(vocabularySize: 400).train(on: corpus), file: "tokenizer.json")
    }

    func packing(images: URL? = nil) throws -> Packing {
        var settings = PackingSettings()
        (settings.samplesPerShard, settings.maximumLength) = (5, 300)
        (settings.image.size, settings.image.tokens) = (16, Self.visualTokens)
        return Packing(
            data: [json], images: images ?? imageFolder, tokenizer: try Self.tokenizer(), settings)
    }
}

/// Names and contents of the files of a folder.
func contents(_ folder: URL) throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
        found[name] = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }
    return found
}

/// The error `body` throws.
func failure<Failure: Error>(_ type: Failure.Type = Failure.self, _ body: () throws -> Void) throws
    -> Failure?
{
    do { try body() } catch let error as Failure { return error }
    return nil
}
