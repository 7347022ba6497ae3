import Benchmarks
import Files
import Foundation
import Images
import Shards
import TestSupport
import Testing
import Text

/// Pictures of a benchmark that shards have too.
@Suite struct TrainedPicturesTests {
    /// Shards of one sample a picture, under names of their own.
    private func pack(_ pictures: [[UInt8]], in folder: URL) throws -> URL {
        let records = try pictures.enumerated().map { number, bytes in
            try AtomicOutput.writeAtomically(
                bytes, to: folder.appendingPathComponent("images/\(number).png"))
            return #"{"id": \#(number), "image": "\#(number).png", "conversations": [{"from": "human", "#
                + #""value": "<image>\nWhat?"}, {"from": "gpt", "value": "It."}]}"#
        }
        let data = folder.appendingPathComponent("data.json")
        try AtomicOutput.writeAtomically("[\(records.joined(separator: ","))]", to: data)
        let tokenizer = try BPETrainer(vocabularySize: 268, specialTokens: ["<|endoftext|>", "<image>"])
            .train(on: ["What? It."])
        var settings = PackingSettings()
        (settings.image.size, settings.system) = (28, "")
        let out = folder.appendingPathComponent("shards")
        _ = try Packing(
            data: [data], images: folder.appendingPathComponent("images"),
            tokenizer: Tokenizer(json: tokenizer, file: "tokenizer.json"), settings
        ).run(into: out)
        return out
    }

    @Test func picturesAreFoundByTheirBytesInEverySource() throws {
        try withTemporaryFolder { folder in
            let bytes = try (0..<4).map {
                try RGBImage(width: 20, height: 10 + $0, colour: (red: 9, green: 99, blue: 200)).pngBytes()
            }
            // Two questions are about picture 0, one about 1, one about 2; 3 is asked about by nobody.
            let file = folder.appendingPathComponent("test/questions.jsonl")
            for number in 0..<3 {
                try AtomicOutput.writeAtomically(
                    bytes[number], to: folder.appendingPathComponent("test/\(number).png"))
            }
            let lines = [0, 0, 1, 2].enumerated().map { id, image in
                #"{"question_id": \#(id), "image": "\#(image).png", "question": "Is it?", "answer": "yes"}"#
            }
            try AtomicOutput.writeAtomically(lines.joined(separator: "\n") + "\n", to: file)
            let benchmark = try BenchmarkList.open("qa", at: file)
            let first = try pack([bytes[3], bytes[0]], in: folder.appendingPathComponent("a"))
            let second = try pack([bytes[1], bytes[0]], in: folder.appendingPathComponent("b"))
            let third = try pack([bytes[3]], in: folder.appendingPathComponent("c"))
            let questions = benchmark.questions
            let reader = try ImageReader(for: questions)
            func found(_ folders: [(String, URL)]) throws -> (TrainedPictures, [String]) {
                var all = [try TrainedPictures(of: questions, reader, benchmark: "qa")]
                let unknown = try TrainedPictures.find(
                    &all, in: folders.map { (name: $0.0, folder: $0.1) })
                return (all[0], unknown)
            }
            let (all, unknown) = try found([("a", first), ("b", second), ("c", third)])
            #expect(all.count == 3 && all.trainedOn == 2 && unknown.isEmpty)
            #expect(all.text == "qa: 2 of 3 pictures are trained on (a 1, b 2)")
            #expect(try found([("c", third)]).0.text == "qa: none of 3 pictures is trained on")
            try FileManager.default.removeItem(at: first.appendingPathComponent(SampleDigests.file))
            let (without, old) = try found([("a", first), ("b", second)])
            #expect(old == ["a"] && without.text == "qa: 2 of 3 pictures are trained on (b 2)")
        }
    }
}
