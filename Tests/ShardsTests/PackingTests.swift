import Files
import Foundation
import Images
import RanksSupport
import Settings
import Shards
import TestSupport
import Testing
import Text

@Suite struct PackingTests {
    @Test func severalProcessesPackTheSameShards() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let packing = try data.packing()
            let alone = folder.appendingPathComponent("alone")
            try packing.run(into: alone)
            let shared = folder.appendingPathComponent("shared")
            let indexes = try ThreadMessenger.run(3) { ranks in
                try packing.run(into: shared, sharedBy: ranks) { _ in }
            }
            #expect(indexes[0] != nil && indexes[1] == nil && indexes[2] == nil)
            #expect(try contents(shared) == contents(alone))
        }
    }

    /// A folder, a tar in stored and in reversed order, a zstd tar and a zip give the same bytes.
    @Test func theImageSourceAndItsOrderDoNotMatter() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            var sources = [
                data.imageFolder, try data.tar("a.tar", order: data.names),
                try data.tar("b.tar", order: data.names.reversed()),
                try data.tar("c.tar", order: Array(data.names[3...] + data.names[..<3]), compression: true),
            ]
            let zip = folder.appendingPathComponent("d.zip")
            let python = Process()
            python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            python.arguments =
                ["python3", "-m", "zipfile", "-c", zip.path]
                + Set(data.names.map { $0.prefix { $0 != "/" } }).sorted().map {
                    "\(data.imageFolder.path)/\($0)"
                }
            try python.run()
            python.waitUntilExit()
            if python.terminationStatus == 0 { sources.append(zip) }
            let outputs = try sources.enumerated().map { number, source in
                let output = folder.appendingPathComponent("out\(number)")
                try data.packing(images: source).run(into: output)
                return try contents(output)
            }
            #expect(outputs[0].count == 7)  // 23 samples in shards of 5, the index and the digests
            for output in outputs.dropFirst() { #expect(output == outputs[0]) }
        }
    }

    @Test func theNumberOfThreadsDoesNotMatter() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder, samples: 150, asLines: true)
            let outputs = try [1, 2, 5].map { threads in
                var packing = try data.packing()
                packing.threads = threads
                let output = folder.appendingPathComponent("out\(threads)")
                try packing.run(into: output)
                return try contents(output)
            }
            #expect(outputs[1] == outputs[0] && outputs[2] == outputs[0])
        }
    }

    /// Training and held-back part are everything, and share no picture; other shares hold back more of the
    /// same.
    @Test func whatIsHeldBackIsNotTrainedOn() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder, samples: 90)
            func ids(_ part: PackedPart, _ share: Double) throws -> [String] {
                var packing = try data.packing()
                (packing.settings.part, packing.settings.heldBack) = (part, share)
                let output = folder.appendingPathComponent("\(part) \(share)")
                try packing.run(into: output)
                let dataset = try ShardDataset(output)
                return try (0..<dataset.count).map { try dataset.sample($0).id }
            }
            let pictures = Dictionary(
                uniqueKeysWithValues: data.records.map { record in
                    let image = (record["image"] as? [String])?.first ?? record["image"] as? String
                    return ("\(record["id"] ?? "")", image)
                })
            let (all, training, held) = (
                try ids(.training, 0), try ids(.training, 0.3), try ids(.heldBack, 0.3)
            )
            #expect(all.count == 90 && Set(training).union(held) == Set(all))
            #expect(training.count + held.count == 90 && training == all.filter { training.contains($0) })
            let shown = [training, held].map { Set($0.compactMap { pictures[$0] ?? nil }) }
            #expect(shown[0].isDisjoint(with: shown[1]) && !shown[1].isEmpty)
            #expect((9...45).contains(held.count))
            #expect(Set(held).isSubset(of: try ids(.heldBack, 0.6)))
            var packing = try data.packing()
            packing.settings.part = .heldBack
            let problem = #expect(throws: SettingProblem.self) { try packing.check() }
            #expect(problem?.key == "part")
        }
    }

    /// Every column against the conversation rendered and tokenised again, and the pixels against the picture
    /// prepared again.
    @Test func shardsHoldWhatTheDataSay() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let packing = try data.packing()
            let output = folder.appendingPathComponent("out")
            let index = try packing.run(into: output)
            let dataset = try ShardDataset(output)
            #expect(dataset.count == data.records.count && index == dataset.index)
            let processor = try packing.imageProcessor()
            var tokens = 0
            for (number, record) in data.records.enumerated() {
                let sample = try dataset.sample(number)
                let image = record["image"] as? String ?? (record["image"] as? [String])?.first
                let turns = (record["conversations"] as? [[String: String]] ?? []).map {
                    ConversationTurn(
                        ["gpt", "assistant"].contains($0["from"]) ? .gpt : .human, $0["value"] ?? "")
                }
                let segments = try packing.template.segments(turns, imageCount: image == nil ? 0 : 1)
                let expected = try TokenizedConversation(segments, tokenizer: packing.tokenizer).packed(
                    visualTokens: SmallData.visualTokens, maximumLength: packing.settings.maximumLength)
                #expect(sample.id == (record["id"] as? String ?? "\(number)"))
                #expect(sample.inputIDs == expected.inputIDs)
                #expect(sample.labels == expected.labels)
                #expect(sample.instructionMask == expected.instructionMask)
                #expect(sample.visualRange == expected.visualRange)
                #expect((sample.imageIndex == nil) == (image == nil))
                tokens += sample.inputIDs.count
                try dataset.withPixels(ofSample: number) { pixels in
                    guard let image, let pixels else { return #expect(image == nil && pixels == nil) }
                    let picture = try decodeImage(
                        [UInt8](Data(contentsOf: data.imageFolder.appendingPathComponent(image))), name: image
                    )
                    let found = Array(
                        UnsafeBufferPointer(start: pixels, count: processor.samples))
                    #expect(found == processor.process(picture))
                }
            }
            #expect(index.totals.tokens == tokens)
            #expect(index.totals.images == data.names.count)
            #expect(index.shards.map(\.samples) == [5, 5, 5, 5, 3])
        }
    }

    @Test func aPictureIsStoredOncePerShard() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let one: [[String: Any]] = (0..<7).map { i in
                [
                    "id": "\(i)", "image": data.names[i % 2],
                    "conversations": [
                        ["from": "human", "value": "<image>\nq\(i)"], ["from": "gpt", "value": "a"],
                    ],
                ]
            }
            try SmallData.write(one, to: data.json)
            let index = try data.packing().run(into: folder.appendingPathComponent("out"))
            #expect(index.shards.map(\.images) == [2, 2])
            #expect(index.totals.images == 2)
        }
    }

    /// Pictures with clear parts are counted, and laid on the background where there is one.
    @Test(arguments: [nil, [255, 255, 255]] as [[Int]?])
    func clearPartsAreCountedAndShowTheBackground(background: [Int]?) throws {
        let clear = try #require(
            Fixtures.folders("images").map { $0.appendingPathComponent("rgba.png") }.first {
                FileManager.default.fileExists(atPath: $0.path)
            })
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let picture = data.imageFolder.appendingPathComponent(data.names[0])
            try FileManager.default.removeItem(at: picture)
            try FileManager.default.copyItem(at: clear, to: picture)
            var packing = try data.packing()
            packing.settings.image.background = background
            var found: [PackingEvent] = []
            let output = folder.appendingPathComponent("out")
            try packing.run(into: output) { if case .transparent = $0 { found.append($0) } }
            #expect(found == [.transparent(images: 1)])
            let dataset = try ShardDataset(output)
            let processor = try packing.imageProcessor()
            let expected = processor.process(
                try decodeImage(
                    [UInt8](Data(contentsOf: clear)), name: "clear",
                    background: background?.map { UInt8($0) }))
            let number = try #require(
                data.records.firstIndex { $0["image"] as? String == data.names[0] })
            try dataset.withPixels(ofSample: number) { pixels in
                let pixels = try #require(pixels)
                #expect(
                    Array(UnsafeBufferPointer(start: pixels, count: processor.samples)) == expected)
            }
        }
    }

    @Test func outputsOfAnEarlierRunAreReplaced() throws {
        try withTemporaryFolder { folder in
            let data = try SmallData(in: folder)
            let output = folder.appendingPathComponent("out")
            try data.packing().run(into: output)
            var packing = try data.packing()
            packing.settings.samplesPerShard = 100
            try packing.run(into: output)
            #expect(
                try contents(output).keys.sorted() == [
                    "digests.safetensors", "index.json", "train-00000.safetensors.zst",
                ])
        }
    }

    @Test func theLimitCountsRecords() throws {
        try withTemporaryFolder { folder in
            var packing = try SmallData(in: folder).packing()
            packing.settings.limit = 7
            #expect(try packing.run(into: folder.appendingPathComponent("out")).totals.samples == 7)
        }
    }

    @Test func eventsAreCountedAndMayStopTheRun() throws {
        struct Stop: Error {}
        try withTemporaryFolder { folder in
            let packing = try SmallData(in: folder).packing()
            var events: [PackingEvent] = []
            try packing.run(into: folder.appendingPathComponent("out")) { events.append($0) }
            #expect(events.first == .read(records: 23))
            #expect(events.last == .wrote(shards: 5, of: 5))
            let stopped = folder.appendingPathComponent("stopped")
            #expect(throws: Stop.self) { try packing.run(into: stopped) { _ in throw Stop() } }
            #expect(try contents(stopped).isEmpty)  // no index, no spool left behind
        }
    }

    @Test func settingsOutOfRangeAreNamed() throws {
        try withTemporaryFolder { folder in
            let packing = try SmallData(in: folder).packing()
            let changes: [(String, (inout Packing) -> Void)] = [
                ("samples_per_shard", { $0.settings.samplesPerShard = 0 }),
                ("compression_level", { $0.settings.compressionLevel = 20 }),
                ("maximum_length", { $0.settings.maximumLength = 1 }),
                ("image.tokens", { $0.settings.image.tokens = 300 }),
                ("name", { $0.settings.name = "a/b" }),
                ("limit", { $0.settings.limit = 0 }),
            ]
            for (field, change) in changes {
                var changed = packing
                change(&changed)
                let problem = #expect(throws: SettingProblem.self) { try changed.check() }
                #expect(problem?.key == field)
            }
        }
    }

    // MARK: real data

    @Test(
        .enabled(if: Fixtures.real("groceries/images.zip") != nil && Fixtures.real("tokenizers/qwen2") != nil)
    )
    func groceriesPackFromTheirZip() throws {
        let groceries = try #require(Fixtures.real("groceries"))
        let tokenizer = try Tokenizer(contentsOf: try #require(Fixtures.real("tokenizers/qwen2")))
        var settings = PackingSettings()
        (settings.image.size, settings.image.aspect, settings.limit) = (56, .square, 100)
        let packing = Packing(
            data: [groceries.appendingPathComponent("train.json")],
            images: groceries.appendingPathComponent("images.zip"), tokenizer: tokenizer, settings)
        try withTemporaryFolder { folder in
            let index = try packing.run(into: folder)
            #expect(index.totals.samples == 100 && index.totals.images == 100)
            let sample = try ShardDataset(folder).sample(0)
            #expect(sample.visualRange?.count == 16)
            let answer = sample.labels.prefix { $0 == -100 }.count
            let first = sample.labels[answer...].prefix { $0 != -100 }
            #expect(tokenizer.decode(first, skipSpecialTokens: false) == " Fruit<|endoftext|>")
        }
    }

    @Test(
        .enabled(if: Fixtures.real("coco-by/images") != nil && Fixtures.real("tokenizers/llama-spm") != nil))
    func cocoPhotographsPackFromTheirFolder() throws {
        let coco = try #require(Fixtures.real("coco-by"))
        var settings = PackingSettings()
        (settings.template, settings.samplesPerShard) = (.llama2, 50)
        (settings.image.processor, settings.image.size, settings.image.aspect) = (.clip, 56, .clip)
        let packing = Packing(
            data: [coco.appendingPathComponent("test.json")], images: coco,
            tokenizer: try Tokenizer(contentsOf: try #require(Fixtures.real("tokenizers/llama-spm"))),
            settings)
        try withTemporaryFolder { folder in
            let index = try packing.run(into: folder)
            #expect(index.totals.samples == 120 && index.totals.images == 24)
        }
    }
}
