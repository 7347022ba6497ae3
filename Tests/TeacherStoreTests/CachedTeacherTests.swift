import AlignmentSupport
import Distillation
import Files
import Foundation
import Shards
import TeacherStore
import TestSupport
import Testing

/// What a run must not be served: each is refused when the outputs are opened, before any step.
@Suite struct CachedTeacherTests {
    private let settings = TeacherOutputSettings(topK: 4, commonVocabulary: 272, saliencyLayer: 1)

    /// Outputs of a tiny data set in `folder`, with its index in `folder`.
    private func withOutputs(_ body: (ShardDataset, Store, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let cache = Store(folder.appendingPathComponent("cache"))
            let outputs = TeacherOutputs(try ModelFixture(tinyModel).teacher())
            let entries = try dataset.index.shards.enumerated().map { number, shard in
                let key = Store.key(teacher: "t", shard: shard.rawSHA256, settings: settings)
                try cache.write(outputs.shard(number, of: dataset, settings: settings), key: key)
                return try #require(try cache.summary(key, shard: shard.file))
            }
            try StoreIndex(
                teacher: "t", shards: dataset.digest, description: dataset.description, settings: settings,
                relevance: nil, entries: entries
            ).write(to: folder)
            try body(dataset, cache, folder)
        }
    }

    /// Opens the outputs after a change to the index's JSON.
    private func refusal(
        _ dataset: ShardDataset, _ cache: Store, _ folder: URL,
        _ change: (inout [String: Any]) throws -> Void
    ) throws -> String {
        let path = folder.appendingPathComponent("index.json")
        let whole = try Data(contentsOf: path)
        defer { try? whole.write(to: path) }
        var fields = try #require(try JSONSerialization.jsonObject(with: whole) as? [String: Any])
        try change(&fields)
        try JSONSerialization.data(withJSONObject: fields).write(to: path)
        do {
            _ = try CachedTeacher(index: folder, cache: cache, dataset: dataset)
            return "opened"
        } catch { return "\(error)" }
    }

    /// Its seal fits, but its ids are of a larger vocabulary than the models'.
    @Test(arguments: [
        (TeacherOutputSettings(topK: 4, commonVocabulary: 500, saliencyLayer: 1), "common vocabulary: 500"),
        (TeacherOutputSettings(topK: 3, commonVocabulary: 272, saliencyLayer: 1), "tables: 3 ids a position"),
    ]) func anEntryOfOtherSettingsIsRefusedWhereItIsRead(other: TeacherOutputSettings, problem: String)
        throws
    {
        try withOutputs { dataset, cache, folder in
            let outputs = TeacherOutputs(try ModelFixture(tinyModel).teacher())
            let key = Store.key(teacher: "t", shard: dataset.index.shards[0].rawSHA256, settings: settings)
            let source = try outputs.shard(0, of: dataset, settings: settings)
            var made = CachedShard(other)
            for row in 0..<source.samples {
                let sample = source.sample(row)
                func cut(_ target: CachedTarget) -> CachedTarget {
                    CachedTarget(
                        ids: Array(target.ids.prefix(other.topK ?? 4)),
                        logProbabilities: Array(target.logProbabilities.prefix(other.topK ?? 4)),
                        logTail: target.logTail)
                }
                let group = sample.visual.isEmpty ? -1 : made.addVisualGroup(sample.visual.map(cut))
                made.addSample(
                    visualGroup: group, saliency: sample.saliency, response: sample.response.map(cut))
            }
            try FileManager.default.removeItem(at: cache.path(key))
            try cache.write(made, key: key)
            let cached = try CachedTeacher(index: folder, cache: cache, dataset: dataset)
            #expect { _ = try cached.sample(0) } throws: { "\($0)".contains("its \(problem)") }
        }
    }

    @Test func outputsAreServedSampleBySample() throws {
        try withOutputs { dataset, cache, folder in
            let cached = try CachedTeacher(index: folder, cache: cache, dataset: dataset)
            for number in 0..<dataset.count {
                let (sample, outputs) = (try dataset.sample(number), try cached.sample(number))
                #expect(
                    outputs.response.count == sample.labels.indices.count { $0 > 0 && sample.labels[$0] >= 0 }
                )
                #expect(
                    outputs.visual.count == sample.visualRange?.count ?? 0
                        && outputs.saliency.count == outputs.visual.count)
            }
        }
    }

    @Test(arguments: [
        ("tokenizer", "tokenizer", "other"), ("template", "template", "llama_2"),
        ("end_token", "end token", "<end>"),
    ]) func otherTextIsRefusedByField(key: String, name: String, value: String) throws {
        try withOutputs { dataset, cache, folder in
            let found = try refusal(dataset, cache, folder) { fields in
                var description = try #require(fields["description"] as? [String: Any])
                description[key] = value
                fields["description"] = description
            }
            #expect(found.contains(name) && found.contains(value) && found.contains("run cache-teacher"))
        }
    }

    @Test func anotherLabelRuleOrImageProcessorIsRefusedByField() throws {
        try withOutputs { dataset, cache, folder in
            let rule = try refusal(dataset, cache, folder) { fields in
                var description = try #require(fields["description"] as? [String: Any])
                description["label_rule"] = 2
                fields["description"] = description
            }
            #expect(rule.contains("label rule") && rule.contains("is 2"))
            let processor = try refusal(dataset, cache, folder) { fields in
                var description = try #require(fields["description"] as? [String: Any])
                var processor = try #require(description["image_processor"] as? [String: Any])
                processor["aspect"] = "pad"
                description["image_processor"] = processor
                fields["description"] = description
            }
            #expect(processor.contains("image processor") && processor.contains("pad"))
        }
    }

    @Test func otherFormatsSettingsAndKeysAreRefused() throws {
        try withOutputs { dataset, cache, folder in
            #expect(try refusal(dataset, cache, folder) { _ in } == "opened")
            #expect(try refusal(dataset, cache, folder) { $0["version"] = 1 }.contains("format version 1"))
            #expect(
                try refusal(dataset, cache, folder) { $0["complete"] = false }.contains("has not finished"))
            let none = try refusal(dataset, cache, folder) { fields in
                var settings = try #require(fields["settings"] as? [String: Any])
                settings["top_k"] = 0
                fields["settings"] = settings
            }
            #expect(none.contains("top_k is 0"))
            // An index made for other settings, or for a shard of another digest, names other keys.
            let other = try refusal(dataset, cache, folder) { fields in
                var settings = try #require(fields["settings"] as? [String: Any])
                settings["top_k"] = 5
                fields["settings"] = settings
            }
            #expect(other.contains("run cache-teacher"))
        }
    }

    @Test func otherShardsAndEntriesOfAnotherVersionAreRefused() throws {
        try withOutputs { dataset, cache, folder in
            let more = try tinyDataset(in: folder.appendingPathComponent("more"), samples: 13)
            #expect { try CachedTeacher(index: folder, cache: cache, dataset: more) } throws: {
                "\($0)".contains("data set")
            }
            // An entry as version 1 wrote it has no seal; one of a version to come has another number in it.
            let key = try StoreIndex(folder: folder).entries[1].key
            let bytes = [UInt8](try Data(contentsOf: cache.path(key)))
            let text = Array(#""format_version":2"#.utf8)
            let start = try #require(bytes.indices.first { bytes[$0...].starts(with: text) })
            let length = Int(bytes[bytes.count - 4]) | Int(bytes[bytes.count - 3]) << 8
            var later = bytes
            later[start + text.count - 1] = UInt8(ascii: "3")
            let json = later.count - 4 - 64 - length
            later.replaceSubrange(
                (json + length)..<(json + length + 64),
                with: Array(Digest.sha256(Array(later[json..<json + length])).utf8))
            try Data(later).write(to: cache.path(key))
            #expect { try CachedTeacher(index: folder, cache: cache, dataset: dataset) } throws: {
                "\($0)".contains("format version 3")
            }
            try FileManager.default.removeItem(at: cache.path(key))
            #expect { try CachedTeacher(index: folder, cache: cache, dataset: dataset) } throws: {
                "\($0)".contains("run cache-teacher")
            }
        }
    }

    @Test func aShardThatIsNotTheOneOfTheIndexIsRefused() throws {
        try withOutputs { dataset, cache, folder in
            // Its digest in the shards' index changed: packed again from other data.
            let path = dataset.sources[0].folder.appendingPathComponent("index.json")
            let text = try String(contentsOf: path, encoding: .utf8)
            let digest = dataset.index.shards[0].rawSHA256
            try text.replacingOccurrences(of: digest, with: String(digest.reversed())).write(
                to: path, atomically: true, encoding: .utf8)
            let changed = try ShardDataset(dataset.sources[0].folder)
            #expect { try CachedTeacher(index: folder, cache: cache, dataset: changed) } throws: {
                "\($0)".contains("run cache-teacher")
            }
            try text.write(to: path, atomically: true, encoding: .utf8)
            // Its bytes changed: found when it is opened, before it is used.
            let shard = dataset.sources[0].folder.appendingPathComponent(dataset.index.shards[0].file)
            var bytes = [UInt8](try Data(contentsOf: shard))
            bytes[bytes.count / 2] ^= 1
            try Data(bytes).write(to: shard)
            let fresh = try ShardDataset(dataset.sources[0].folder)
            let cached = try CachedTeacher(index: folder, cache: cache, dataset: fresh)
            #expect { try cached.sample(0) } throws: { "\($0)".contains("SHA-256") }
        }
    }

    @Test func shardsOfAnotherTokenizerOrAnotherPreparationOfImagesAreRefusedForAModel() throws {
        try withOutputs { dataset, _, folder in
            let teacher = folder.appendingPathComponent("teacher")
            try FileManager.default.copyItem(at: tinyModel.appendingPathComponent("teacher"), to: teacher)
            try dataset.require(modelIn: teacher)
            try AtomicOutput.writeAtomically(
                #"{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]},"#
                    + #""pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}}"#,
                to: teacher.appendingPathComponent("tokenizer.json"))
            #expect { try dataset.require(modelIn: teacher) } throws: { "\($0)".contains("tokenizer") }
        }
    }
}
