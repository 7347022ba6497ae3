import Distillation
import Files
import Foundation
import TeacherStore
import TestSupport
import Testing

@Suite struct StoreTests {
    private let key = Digest.sha256("entry")
    private let origin = Seal.Origin(
        teacher: "t", shard: "s",
        settings: TeacherOutputSettings(topK: 2, commonVocabulary: 512, saliencyLayer: 0))

    private func withEntry(_ body: (Store, _ bytes: [UInt8]) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let cache = Store(folder)
            try cache.write(smallShard(), key: key, origin: origin)
            try body(cache, [UInt8](try Data(contentsOf: cache.path(key))))
        }
    }

    @Test func anEntryIsReadAsItWasWrittenAndSummedUpWithoutReadingIt() throws {
        try withEntry { cache, bytes in
            #expect(try cache.entry(key)?.sample(0).response == smallShard().sample(0).response.map { $0 })
            let summary = try #require(try cache.summary(key, shard: "a"))
            #expect(
                summary.positions == 1 && summary.bytes == bytes.count
                    && abs(summary.meanTailMass - exp(-3)) < 1e-6)
            #expect(summary.stateBytes == PackedIntegers.byteCount(2, limit: 512) + 2 * 2 + 2)
            // Python's and zstd's decompressors pass over the seal.
            #expect(
                try Zstandard.decompress(bytes, name: "entry")
                    == smallShard().writer(metadata: ["key": key]).serialized())
        }
    }

    /// A link to itself cannot be opened by anybody.
    @Test func anEntryThatCannotBeReadIsNeitherAbsentNorDamaged() throws {
        try withEntry { cache, _ in
            let path = cache.path(key).path
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
            let isOfSystem = { (error: any Error) in
                if case .system? = error as? FilesError { true } else { false }
            }
            #expect { _ = try cache.state(key) } throws: { isOfSystem($0) }
            #expect { _ = try cache.entry(key) } throws: { isOfSystem($0) }
            #expect { _ = try cache.summary(key, shard: "a") } throws: { isOfSystem($0) }
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == path)
        }
    }

    @Test func everyFlippedBitIsFoundNamedAndTheEntrySetAside() throws {
        try withEntry { cache, bytes in
            #expect(bytes.count > 400)
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 1 << (index % 8)
                try Data(damaged).write(to: cache.path(key))
                #expect("byte \(index)") { try cache.entry(key) } throws: {
                    "\($0)".contains(key) && "\($0)".contains("cache-teacher")
                }
                #expect(!FileManager.default.fileExists(atPath: cache.path(key).path))
                if index > 20 {
                    try? FileManager.default.removeItem(at: cache.folder.appendingPathComponent("damaged"))
                }
            }
            for count in [0, 1, 75, bytes.count / 2, bytes.count - 1] {
                try Data(bytes[..<count]).write(to: cache.path(key))
                #expect("\(count) bytes") { try cache.entry(key) } throws: { "\($0)".contains("damaged") }
            }
            try Data(bytes + [0]).write(to: cache.path(key))
            #expect { try cache.entry(key) } throws: { "\($0)".contains("damaged") }
            try Data(bytes).write(to: cache.path(key))
            #expect(try cache.entry(key) != nil)
        }
    }

    @Test func anEntryUnderAnotherNameIsRefused() throws {
        try withEntry { cache, bytes in
            let other = Digest.sha256("other")
            try AtomicOutput.writeAtomically(bytes, to: cache.path(other))
            #expect { try cache.entry(other) } throws: { "\($0)".contains("another key") }
            #expect(try cache.summary(key, shard: "a") != nil)
        }
    }

    @Test func damagedRelevanceIsMeasuredAgain() throws {
        try withTemporaryFolder { folder in
            let cache = Store(folder)
            let relevance = InstructionRelevance(
                pairs: 3, scores: [0.5, 0.25], standardErrors: [0.125, 0])
            try cache.write(relevance, key: "k")
            #expect(cache.relevance("k")?.scores == [0.5, 0.25])
            let path = folder.appendingPathComponent("relevance/k.json")
            // The same bytes in every run: keys in their order.
            let line = #"{"pairs":3,"scores":[0.5,0.25],"standard_errors":[0.125,0]}"#
            #expect(try String(contentsOf: path, encoding: .utf8).hasPrefix(line + "\n"))
            let bytes = [UInt8](try Data(contentsOf: path))
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 1
                try Data(damaged).write(to: path)
                #expect(cache.relevance("k") == nil, "byte \(index)")
            }
        }
    }

    @Test func keysDependOnEverythingThatChangesTheNumbersAndOnNothingElse() {
        let base = TeacherOutputSettings(topK: 64, commonVocabulary: 512, saliencyLayer: 1)
        func key(_ settings: TeacherOutputSettings, teacher: String = "t", shard: String = "s") -> String {
            Store.key(teacher: teacher, shard: shard, settings: settings)
        }
        func changed(_ change: (inout TeacherOutputSettings) -> Void) -> String {
            var settings = base
            change(&settings)
            return key(settings)
        }
        let keys = [
            key(base), key(base, teacher: "u"), key(base, shard: "r"), changed { $0.topK = 32 },
            changed { $0.topK = nil },
            changed { $0.commonVocabulary = 511 }, changed { $0.saliencyLayer = 2 },
            changed { $0.saliencyMass = 0.9 },
            changed { $0.encoding = .sampled }, changed { ($0.encoding, $0.samples) = (.sampled, 32) },
            changed { ($0.encoding, $0.seed) = (.sampled, 1) },
        ]
        #expect(Set(keys).count == keys.count)
        #expect(changed { $0.samples = 3 } == key(base) && changed { $0.seed = 3 } == key(base))
        #expect(changed { ($0.encoding, $0.topK) = (.sampled, 3) } == changed { $0.encoding = .sampled })
    }

    @Test func digestsOfModelsAreThoseOfWeightsAndConfiguration() throws {
        try withTemporaryFolder { folder in
            let (cache, model) = (
                Store(folder.appendingPathComponent("cache")), folder.appendingPathComponent("model")
            )
            func write(_ text: String, _ name: String) throws {
                try AtomicOutput.writeAtomically(text, to: model.appendingPathComponent(name))
            }
            try write("weights", "model.safetensors")
            let first = try cache.digest(ofModel: model)
            try write("{}", "receipt.json")
            #expect(try cache.digest(ofModel: model) == first)
            try write("{}", "config.json")
            let second = try cache.digest(ofModel: model)
            #expect(second != first)
            try write("other weights", "model.safetensors")
            #expect(try cache.digest(ofModel: model) != second)
            // transformers 5 nests how pictures are prepared in processor_config.json.
            try write(#"{"image_processor": {"image_mean": [0.5]}}"#, "processor_config.json")
            let third = try cache.digest(ofModel: model)
            try write(#"{"image_processor": {"image_mean": [0.4]}}"#, "processor_config.json")
            #expect(try cache.digest(ofModel: model) != third)
            try write("{}", "preprocessor_config.json")
            let fourth = try cache.digest(ofModel: model)
            try write("{}", "processor_config.json")
            #expect(try cache.digest(ofModel: model) == fourth)
        }
    }
}
