import Files
import Foundation
import Images
import Shards
import TestSupport
import Testing

/// What of a sample is kept beside the shards, to compare it over data sets.
@Suite struct SampleDigestsTests {
    private func sample(_ id: String, _ image: String?, _ answer: String) -> [String: Any] {
        var record: [String: Any] = [
            "id": id,
            "conversations": [
                ["from": "human", "value": image == nil ? "What?" : "<image>\nWhat?"],
                ["from": "gpt", "value": answer],
            ],
        ]
        record["image"] = image
        return record
    }

    private func digests(of records: [[String: Any]], in folder: URL, perShard: Int = 2) throws
        -> SampleDigests?
    {
        let data = try SmallData(in: folder)
        // The same bytes under another name, and another picture under that name elsewhere.
        try FileManager.default.copyItem(
            at: data.imageFolder.appendingPathComponent(data.names[0]),
            to: data.imageFolder.appendingPathComponent("copy.png"))
        try AtomicOutput.writeAtomically(
            "no picture", to: data.imageFolder.appendingPathComponent("broken.png"))
        try SmallData.write(records, to: data.json)
        var packing = try data.packing()
        (packing.settings.samplesPerShard, packing.settings.onBadSample) = (perShard, .skip)
        let out = folder.appendingPathComponent("out")
        let index = try packing.run(into: out)
        return try SampleDigests(folder: out, samples: index.totals.samples)
    }

    @Test func bytesAndWordsCountAndNamesAndIDsDoNot() throws {
        try withTemporaryFolder { folder in
            let first = "sub0/picture-0.png"
            let records = [
                sample("a", first, "Red."), sample("b", "copy.png", "Red."),
                sample("left out", "broken.png", "Red."), sample("c", "sub1/picture-1.jpg", "Red."),
                sample("d", first, "Blue."), sample("e", nil, "Red."),
            ]
            let found = try #require(try digests(of: records, in: folder))
            let (texts, pictures) = (found.conversations, found.pictures)
            #expect(texts.count == 5 && pictures.count == 5)
            #expect(texts[0] == texts[1] && texts[0] == texts[2])
            #expect(Set([texts[0], texts[3], texts[4]]).count == 3)
            #expect(pictures[0] == pictures[1] && pictures[0] == pictures[3] && pictures[0] != 0)
            #expect(pictures[2] != pictures[0] && pictures[2] != 0 && pictures[4] == 0)

            let whole = try digests(of: records, in: folder.appendingPathComponent("whole"), perShard: 100)
            #expect(whole == found)
        }
    }

    @Test func otherFilesThanTheSamplesOwnAreRefused() throws {
        try withTemporaryFolder { folder in
            let out = folder.appendingPathComponent("out")
            try SmallData(in: folder).packing().run(into: out)
            #expect(throws: ShardsError.self) { try SampleDigests(folder: out, samples: 22) }
            let file = out.appendingPathComponent(SampleDigests.file)
            var writer = SafeTensorsWriter(
                metadata: ["format": "align-ti-digests", "format_version": "2"])
            writer.add("conversations", [Int64](repeating: 1, count: 23))
            writer.add("pictures", [Int64](repeating: 1, count: 23))
            try writer.write(to: file)
            let error = #expect(throws: ShardsError.self) { try SampleDigests(folder: out, samples: 23) }
            #expect("\(String(describing: error))".contains("align-ti-digests"))
            try FileManager.default.removeItem(at: file)
            #expect(try SampleDigests(folder: out, samples: 23) == nil)
        }
    }
}
