import Files
import Foundation
import Shards
import TestSupport
import Testing

@Suite struct ShardDatasetTests {
    private func withDataset(_ body: (URL, ShardIndex) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let output = folder.appendingPathComponent("out")
            let index = try SmallData(in: folder).packing().run(into: output)
            try body(output, index)
        }
    }

    @Test func samplesAreTheSameHoweverManyShardsAreHeld() throws {
        try withDataset { folder, _ in
            let all = try ShardDataset(folder, shardsHeld: 8)
            let one = try ShardDataset(folder, shardsHeld: 1)
            for number in (0..<all.count).reversed() + Array(0..<all.count) {
                #expect(try all.sample(number) == one.sample(number))
            }
        }
    }

    @Test func itMayBeReadFromManyThreads() throws {
        try withDataset { folder, _ in
            let dataset = try ShardDataset(folder, shardsHeld: 2)
            let expected = try (0..<dataset.count).map { try dataset.sample($0).id }
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for i in 0..<dataset.count {
                    let number = (i * 7 + thread * 3) % dataset.count
                    let id = try? dataset.sample(number).id
                    #expect(id == expected[number])
                }
            }
        }
    }

    private static func isCorrupt(_ error: any Error, _ file: URL) -> Bool {
        if case .corruptShard(file.path, _)? = error as? ShardsError { true } else { false }
    }

    /// One byte changed, at the front, in the middle and at the end; cut; emptied; gone.
    @Test func damagedShardsAreNamed() throws {
        try withDataset { folder, index in
            let file = folder.appendingPathComponent(index.shards[1].file)
            let whole = [UInt8](try Data(contentsOf: file))
            var damaged = [[UInt8](), Array(whole.dropLast()), whole + [0]]
            for at in [0, whole.count / 2, whole.count - 1] {
                var bytes = whole
                bytes[at] ^= 1
                damaged.append(bytes)
            }
            for bytes in damaged {
                try AtomicOutput.writeAtomically(bytes, to: file)
                #expect { try ShardDataset(folder).sample(7) } throws: { Self.isCorrupt($0, file) }
                #expect(try ShardDataset(folder).sample(0).id == "sample-0")  // the others still read
            }
            try FileManager.default.removeItem(at: file)
            #expect { try ShardDataset(folder).sample(7) } throws: { Self.isCorrupt($0, file) }
        }
    }

    /// A shard whose digests are right but whose columns are not: what a wrong writer would leave.
    @Test func columnsThatContradictTheFormatAreNamed() throws {
        try withDataset { folder, index in
            let entry = index.shards[0]
            let file = folder.appendingPathComponent(entry.file)
            let original = try SafeTensorsFile(file)
            let changes: [(String, [Int32])] = [
                ("image_index", [99, 0, 0, 0, -1]), ("image_index", [-2, 0, 0, 0, -1]), ("image_index", [0]),
                ("labels", try original.int32s("labels").map { $0 == -100 ? -7 : $0 }),
                ("input_ids", try original.int32s("input_ids").map { $0 == -200 ? 5 : $0 }),
                ("input_ids", try original.int32s("input_ids").map { $0 == -200 ? $0 : -1 }),
            ]
            // The first sample's image is behind a word of the user's.
            let mask = try original.bytes("instruction_mask").map { _ in UInt8(1) }
            var found: [String] = []
            for (name, values) in changes + [("instruction_mask", [])] {
                var writer = SafeTensorsWriter(metadata: original.metadata)
                for tensor in original.entries where tensor.name != name {
                    writer.add(
                        tensor.name, tensor.dtype, shape: tensor.shape, bytes: try original.bytes(tensor.name)
                    )
                }
                if values.isEmpty { writer.add(name, mask) } else { writer.add(name, values) }
                try writer.write(to: file, compression: .zstandard(level: 1))
                let bytes = [UInt8](try Data(contentsOf: file))
                let json = String(
                    decoding: try Data(contentsOf: folder.appendingPathComponent("index.json")), as: UTF8.self
                )
                let copy = folder.deletingLastPathComponent().appendingPathComponent(UUID().uuidString)
                try AtomicOutput.makeFolder(copy)
                try AtomicOutput.writeAtomically(bytes, to: copy.appendingPathComponent(entry.file))
                let edited = json.replacingOccurrences(of: entry.compressedSHA256, with: Digest.sha256(bytes))
                    .replacingOccurrences(
                        of: "\"compressed_bytes\" : \(entry.compressedBytes),",
                        with: "\"compressed_bytes\" : \(bytes.count),")
                try AtomicOutput.writeAtomically(edited, to: copy.appendingPathComponent("index.json"))
                let text = thrownText(in: copy) { _ = try ShardDataset(copy).sample(0) }
                found.append(text)
            }
            let problems = [
                "sample 0 has image 99 of 4",
                "sample 0 has image -2 of 4",
                "column 'image_index' is I32 [1], expected I32 [5]",
                "it has token id 65 with label -7",
                "sample 0 has 0 visual tokens, expected 4 in a row",
                "it has token id -1 with label -100",
                "sample 0 has an instruction token before its last visual token",
            ]
            #expect(
                found
                    == problems.map {
                        "…/\(entry.file): the shard is damaged: \($0); copy or pack it again"
                    })
        }
    }

    @Test func foldersThatAreNoDataSetsAreRefused() throws {
        try withDataset { folder, _ in
            let url = folder.appendingPathComponent("index.json")
            let whole = String(decoding: try Data(contentsOf: url), as: UTF8.self)
            func noDataset(_ problem: String) -> String {
                "not a folder of shards: \(problem); make one with pack-shards"
            }
            let noFormat = noDataset("'format' or 'format_version' is missing")
            let cases = [
                ("{}", noFormat), ("not json", noFormat),
                (
                    whole.replacingOccurrences(of: "\"format_version\" : 1", with: "\"format_version\" : 2"),
                    "format 'align-ti-shard' 2, this version reads 'align-ti-shard' 1; pack the data again"
                ),
                (
                    whole.replacingOccurrences(of: "align-ti-shard", with: "other"),
                    "format 'other' 1, this version reads 'align-ti-shard' 1; pack the data again"
                ),
                (
                    whole.replacingOccurrences(of: "raw_sha256", with: "raw"),
                    noDataset("a field is missing or of the wrong kind (shards.Index 0.raw_sha256)")
                ),
                (
                    whole.replacingOccurrences(of: "train-00000", with: "../train-00000"),
                    noDataset("shard file '../train-00000.safetensors.zst' is not a name in this folder")
                ),
                (
                    whole.replacingOccurrences(of: "\"samples\" : 5", with: "\"samples\" : 6"),
                    noDataset("the shards do not add up to 23 samples, but to 27")
                ),
                (
                    whole.replacingOccurrences(of: "\"samples\" : 5", with: "\"samples\" : -5"),
                    noDataset("a shard has an impossible count")
                ),
            ]
            for (text, word) in cases {
                try AtomicOutput.writeAtomically(text, to: url)
                let error = thrownText(in: folder) { _ = try ShardDataset(folder) }
                #expect(error == "…/index.json: \(word)")
            }
            try FileManager.default.removeItem(at: url)
            #expect(
                thrownText(in: folder) { _ = try ShardDataset(folder) } == "…: not a folder of shards: "
                    + "no readable index.json; make one with pack-shards")
        }
    }

    @Test func anotherTokenizerOrPreparationIsRefused() throws {
        try withDataset { folder, index in
            let dataset = try ShardDataset(folder)
            try dataset.require(tokenizer: index.description.tokenizer, imageSize: 16, visualTokens: 4)
            #expect(
                thrownText(in: folder) { try dataset.require(tokenizer: "0000") } == "…/index.json: "
                    + "'tokenizer' is eb7da3fd2c29c03c89f77002d3a069ab39bc989f7c141e5acd5dd138c9154b9c, "
                    + "expected 0000; pack the data with the settings it is used with")
            #expect(
                thrownText(in: folder) { try dataset.require(imageSize: 56) } == "…/index.json: "
                    + "'image_processor.size' is 16, expected 56; pack the data with the settings it is "
                    + "used with")
            #expect(
                thrownText(in: folder) { try dataset.require(visualTokens: 9) } == "…/index.json: "
                    + "'visual_tokens' is 4, expected 9; pack the data with the settings it is used with")
        }
    }

    @Test func theDigestFollowsTheContentsNotTheCompression() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            var packing = try data.packing()
            func digest(_ name: String) throws -> String {
                try packing.run(into: folder.appendingPathComponent(name))
                return try ShardDataset(folder.appendingPathComponent(name)).digest
            }
            let first = try digest("a")
            packing.settings.compressionLevel = 9
            #expect(try digest("b") == first)
            packing.settings.maximumLength = 301
            #expect(try digest("c") != first)
        }
    }
}
