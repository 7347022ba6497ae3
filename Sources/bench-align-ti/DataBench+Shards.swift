import Files
import Foundation
import Images
import Measuring
import Shards
import Text

extension DataBench {
    /// Shards of 384 x 384 pictures: writing is what packing does after the last picture is prepared (digest,
    /// zstd, write), reading is reading, digest, decompression and all checks.
    func shards(in folder: URL) throws -> [Figure] {
        let pictures = 128
        let jpegs = try inputs.jpegs()
        let source = folder.appendingPathComponent("images")
        try AtomicOutput.makeFolder(source)
        var samples: [JSONValue] = []
        for number in 0..<pictures {
            let name = "\(number).jpg"
            try AtomicOutput.writeAtomically(
                jpegs[number % jpegs.count], to: source.appendingPathComponent(name))
            samples.append([
                "id": .string("\(number)"), "image": .string(name),
                "conversations": [
                    ["from": "human", "value": "<image>\nWhat is in the picture?"],
                    ["from": "gpt", "value": .string("Noise of many sizes, number \(number).")],
                ],
            ])
        }
        let data = folder.appendingPathComponent("data.json")
        try AtomicOutput.writeAtomically(JSONValue.array(samples).text(), to: data)
        var settings = PackingSettings()
        (settings.image.aspect, settings.samplesPerShard) = (.square, 32)
        let packing = Packing(
            data: [data], images: source,
            tokenizer: try Tokenizer(json: inputs.tokenizerJSON(), file: "tokenizer.json"), settings)
        let target = folder.appendingPathComponent("shards")
        var written: [Double] = []
        var index: ShardIndex?
        for run in 0...repeats {
            var prepared = ContinuousClock.now
            index = try packing.run(into: target) { event in
                if case .prepared = event { prepared = ContinuousClock.now }
            }
            if run > 0 { written.append((ContinuousClock.now - prepared) / .seconds(1)) }
        }
        guard let totals = index?.totals else { return [] }
        let bytes = Double(totals.rawBytes)
        func facts(_ seconds: Double) -> JSONObject {
            [
                "gb_per_second": .rounded(bytes / seconds / 1e9), "raw_mb": .rounded(bytes / 1e6),
                "stored_mb": .rounded(Double(totals.compressedBytes) / 1e6), "pictures": .int(totals.images),
            ]
        }
        let read = try Runs(warmup: 1, repeats: repeats) {
            let dataset = try ShardDataset(target)
            for number in dataset.index.shards.indices { _ = try dataset.shard(number) }
        }
        let writing = Spread(written)
        return [
            // Processor time of the writing alone is not known: the packing around it has its own.
            Figure("shards_write", seconds: writing, cpuPerWall: nil, facts: facts(writing.median)),
            Figure("shards_read", read, facts: facts(read.spread.median)),
        ]
    }
}
