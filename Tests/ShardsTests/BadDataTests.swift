import Files
import Foundation
import Shards
import TestSupport
import Testing

@Suite struct BadDataTests {
    private typealias Turn = [String: String]

    private func record(_ image: String?, _ question: String, _ answer: String = "a thing") -> [String: Any] {
        var record: [String: Any] = [
            "id": "x",
            "conversations": [["from": "human", "value": question], ["from": "gpt", "value": answer]],
        ]
        record["image"] = image
        return record
    }

    /// Puts a bad record behind three good ones; it must fail by default and be skipped, counted and listed
    /// when allowed.
    private func expectRefusal(
        _ bad: (SmallData) throws -> [String: Any], kind: String, mentions words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            try SmallData.write(Array(data.records.prefix(3)) + [bad(data)], to: data.json)
            var packing = try data.packing()
            let output = folder.appendingPathComponent("out")
            let error = try failure(ShardsError.self) { try packing.run(into: output) }
            let text = error.map { "\($0)" } ?? "no error"
            for word in words + ["data.json", "element 3 at byte"] {
                #expect(text.contains(word), "'\(word)' is not in: \(text)", sourceLocation: sourceLocation)
            }
            #expect(try contents(output)["index.json"] == nil, sourceLocation: sourceLocation)

            packing.settings.onBadSample = .skip
            let index = try packing.run(into: output)
            #expect(index.totals.samples == 3 && index.totals.skipped == 1, sourceLocation: sourceLocation)
            let listed = String(decoding: try #require(try contents(output)["skipped.jsonl"]), as: UTF8.self)
            #expect(listed.split(separator: "\n").count == 1, sourceLocation: sourceLocation)
            #expect(listed.contains("\"kind\":\"\(kind)\""), "\(listed)", sourceLocation: sourceLocation)
        }
    }

    @Test func aMissingImageIsNamed() throws {
        try expectRefusal(
            { _ in record("gone.jpg", "<image>\nq") }, kind: "missing-image",
            mentions: ["gone.jpg", "images"])
    }

    @Test func aTruncatedImageIsNamed() throws {
        try expectRefusal(
            { data in
                let whole = try SmallData.picture(3).jpegBytes()
                try AtomicOutput.writeAtomically(
                    Array(whole.prefix(300)), to: data.imageFolder.appendingPathComponent("cut.jpg"))
                return record("cut.jpg", "<image>\nq")
            }, kind: "bad-image", mentions: ["cut.jpg", "300 bytes"])
    }

    @Test func anImageOfZeroBytesIsNamed() throws {
        try expectRefusal(
            { data in
                try AtomicOutput.writeAtomically(
                    [UInt8](), to: data.imageFolder.appendingPathComponent("empty.png"))
                return record("empty.png", "<image>\nq")
            }, kind: "bad-image", mentions: ["empty.png", "0 bytes"])
    }

    @Test func markersMustMatchTheImages() throws {
        try expectRefusal(
            { record($0.names[0], "no marker") }, kind: "image-markers",
            mentions: ["sample 'x'", "0 <image>"])
        try expectRefusal(
            { _ in record(nil, "<image>\nbut no image") }, kind: "image-markers", mentions: ["1 <image>"])
        try expectRefusal(
            { record($0.names[0], "<image> and <image>") }, kind: "misplaced-image-marker",
            mentions: ["<image>"])
    }

    @Test func aSampleWithNothingToLearnIsRefused() throws {
        // 300 tokens are the limit: the question fills them, so every label is cut off
        let long = String(repeating: "number thing called answers ", count: 200)
        try expectRefusal(
            { record($0.names[0], "<image>\n" + long) }, kind: "nothing-supervised", mentions: ["answer"])
        try expectRefusal({ _ in record(nil, long) }, kind: "nothing-supervised", mentions: ["answer"])
    }

    @Test func aLimitThatCutsIntoTheImageIsRefused() throws {
        let long = String(repeating: "number thing called answers ", count: 200)
        // the marker moves to the front of its own turn, so the first turn pushes the image beyond the limit
        try expectRefusal(
            { data in
                [
                    "id": "x", "image": data.names[0],
                    "conversations": [
                        ["from": "human", "value": long], ["from": "gpt", "value": "a"],
                        ["from": "human", "value": "<image>\nq"], ["from": "gpt", "value": "a"],
                    ],
                ]
            }, kind: "visual-tokens-cut", mentions: ["300"])
    }

    @Test func recordsOfTheWrongShapeNameTheField() throws {
        let turns: [Turn] = [["from": "human", "value": "q"], ["from": "gpt", "value": "a"]]
        let cases: [([String: Any], [String])] = [
            (["id": "x"], ["'conversations'", "missing"]),
            (["id": "x", "conversations": "no"], ["'conversations'"]),
            (["id": "x", "conversations": [["from": "human"]]], ["'conversations[0].value'", "missing"]),
            (
                ["id": "x", "conversations": [turns[0], ["from": "robot", "value": "a"]]],
                ["'conversations[1].from'", "robot"]
            ),
            (["id": "x", "conversations": ["text"]], ["'conversations[0]'"]),
            (["id": ["a"], "conversations": turns], ["'id'"]),
            (["id": "x", "image": 7, "conversations": turns], ["'image'", "7"]),
            (["id": "x", "image": ["a", "b"], "conversations": turns], ["'image'", "several images"]),
        ]
        for (record, words) in cases {
            try expectRefusal({ _ in record }, kind: "malformed", mentions: words)
        }
    }

    @Test func unalternatingRolesAreRefused() throws {
        try expectRefusal(
            { _ in
                [
                    "id": "x",
                    "conversations": [["from": "human", "value": "q"], ["from": "human", "value": "q"]],
                ]
            }, kind: "roles-do-not-alternate", mentions: ["turn 1"])
    }

    @Test func aFileThatIsNoListIsAnError() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            for (text, word) in [
                ("[{\"id\": 1}", "truncated"), ("[1 2]", "expected"), ("", "no sample"),
                ("[\n]", "no sample"), ("[7]", "(record)"),
            ] {
                try AtomicOutput.writeAtomically(text, to: data.json)
                let output = folder.appendingPathComponent("out")
                var message = "no error"
                do { try data.packing().run(into: output) } catch { message = "\(error)" }
                #expect(message.contains(word) && message.contains("data.json"), "\(text): \(message)")
            }
        }
    }

    @Test func brokenJSONNamesItsPlace() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder, asLines: true)
            let whole = String(decoding: try Data(contentsOf: data.json), as: UTF8.self).split(
                separator: "\n")
            try AtomicOutput.writeAtomically(whole[0] + "\n{\"id\": }\n" + whole[1] + "\n", to: data.json)
            let error = try failure(ShardsError.self) {
                try data.packing().run(into: folder.appendingPathComponent("out"))
            }
            let text = error.map { "\($0)" } ?? "no error"
            #expect(text.contains("line 2") && text.contains("not valid JSON"), "\(text)")
        }
    }

    @Test func imagesWithoutASourceAreAnError() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            var packing = try data.packing()
            packing.images = nil
            let error = try failure(ShardsError.self) {
                try packing.run(into: folder.appendingPathComponent("out"))
            }
            guard case .noImageSource? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aTruncatedArchiveIsAnError() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let tar = try data.tar("a.tar", order: data.names)
            let bytes = [UInt8](try Data(contentsOf: tar))
            try AtomicOutput.writeAtomically(Array(bytes.prefix(bytes.count / 2)), to: tar)
            #expect(throws: FilesError.self) {
                try data.packing(images: tar).run(into: folder.appendingPathComponent("out"))
            }
        }
    }

    @Test func whenEverySampleIsSkippedThereIsNoDataSet() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            try SmallData.write([record("gone.jpg", "<image>\nq")], to: data.json)
            var packing = try data.packing()
            packing.settings.onBadSample = .skip
            let error = try failure(ShardsError.self) {
                try packing.run(into: folder.appendingPathComponent("out"))
            }
            #expect(error == .noSamples(files: [data.json.path], skipped: 1))
        }
    }
}
