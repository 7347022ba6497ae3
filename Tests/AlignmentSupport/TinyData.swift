import Files
import Foundation
import Images
import Shards
import Text

/// A small data set for the fixtures' models (272 ids, images of 56 pixels, 16 visual tokens): shards in
/// `folder`.
///
/// Two of three samples have one of four pictures; questions and answers differ in length.
public func tinyDataset(in folder: URL, samples: Int = 12, samplesPerShard: Int = 5) throws -> ShardDataset {
    let colours: [(UInt8, UInt8, UInt8)] = [(200, 30, 30), (20, 180, 60), (40, 60, 220), (240, 240, 10)]
    for (index, colour) in colours.enumerated() {
        let image = RGBImage(
            width: 20 + 7 * index, height: 24, colour: (red: colour.0, green: colour.1, blue: colour.2))
        try AtomicOutput.writeAtomically(
            image.pngBytes(), to: folder.appendingPathComponent("images/\(index).png"))
    }
    let words = ["red", "green", "blue", "yellow"]
    let records = (0..<samples).map { index in
        let hasImage = index % 3 != 2
        let image = hasImage ? #""image": "\#(index % 4).png", "# : ""
        let question =
            (hasImage ? #"<image>\n"# : "") + "what" + String(repeating: " is", count: index % 3) + " it?"
        return
            #"{"id": \#(index), \#(image)"conversations": [{"from": "human", "value": "\#(question)"}, "#
            + #"{"from": "gpt", "value": "\#(words[index % 4]) \#(index)"}]}"#
    }
    let data = folder.appendingPathComponent("data.json")
    try AtomicOutput.writeAtomically("[" + records.joined(separator: ",\n") + "]", to: data)
    let tokenizer = try BPETrainer(vocabularySize: 268, specialTokens: ["<|endoftext|>", "<image>"]).train(
        on: words + ["what is it?", "USER ASSISTANT"])
    var settings = PackingSettings()
    (settings.system, settings.samplesPerShard, settings.maximumLength) = ("", samplesPerShard, 64)
    (settings.image.size, settings.image.aspect) = (56, .square)  // 16 visual tokens
    let packing = Packing(
        data: [data], images: folder.appendingPathComponent("images"),
        tokenizer: try Tokenizer(json: tokenizer, file: "tokenizer.json"), settings)
    let shards = folder.appendingPathComponent("shards")
    _ = try packing.run(into: shards) { _ in }
    return try ShardDataset(shards)
}
