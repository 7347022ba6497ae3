import AlignmentSupport
import Files
import Foundation
import Shards
import TeacherStore
import TestSupport
import Testing

@Suite struct StoreContentsTests {
    private func keys(_ count: Int) -> [String] { (0..<count).map { Digest.sha256("key \($0)") } }

    private func index(_ keys: [String], in folder: URL, complete: Bool = true) throws {
        try StoreIndex(
            teacher: "t", shards: "s",
            settings: TeacherOutputSettings(topK: 2, commonVocabulary: 512, saliencyLayer: 0), relevance: nil,
            complete: complete, entries: keys.map { .init(shard: "a", key: $0) }
        ).write(to: folder)
    }

    @Test func whatNoIndexNamesIsWasteAndNothingElseIs() throws {
        try withTemporaryFolder { folder in
            let (cache, keys) = (Store(folder.appendingPathComponent("cache")), keys(5))
            for key in keys { try cache.write(smallShard(), key: key) }
            let runs = folder.appendingPathComponent("runs")
            try index([keys[0], keys[2]], in: runs.appendingPathComponent("a/outputs"))
            // An index that is being filled.
            try index([keys[2], keys[4]], in: runs.appendingPathComponent("b"), complete: false)
            _ = try tinyDataset(in: runs.appendingPathComponent("data"))  // shards have an index.json too
            let named = try StoreContents.named(below: [runs])
            #expect(named.indexes == 2 && named.keys == [keys[0], keys[2], keys[4]])
            let contents = try StoreContents(cache)
            let waste = try contents.waste(naming: named.keys)
            #expect(
                Set(waste.map { $0.path.lastPathComponent.prefix(64) }) == [
                    keys[1].prefix(64), keys[3].prefix(64),
                ])
            #expect(waste.allSatisfy { $0.bytes > 0 } && contents.entries.count == 5)
            // A file that might be an index is not passed over.
            try AtomicOutput.writeAtomically(
                "{\"entries\": [", to: runs.appendingPathComponent("c/index.json"))
            #expect { try StoreContents.named(below: [runs]) } throws: {
                "\($0)".contains("c/index.json")
            }
        }
    }

    @Test func verifyingReadsEveryByteAndSetsDamageAside() throws {
        try withTemporaryFolder { folder in
            let (cache, keys) = (Store(folder), keys(3))
            for key in keys { try cache.write(smallShard(), key: key) }
            var bytes = [UInt8](try Data(contentsOf: cache.path(keys[1])))
            bytes[30] ^= 16
            try Data(bytes).write(to: cache.path(keys[1]))
            var problems: [String: String] = [:]
            try StoreContents(cache).verify { problems[$0.key] = $1 ?? "" }
            #expect(
                problems.count == 3 && problems[keys[0]] == ""
                    && problems[keys[1]]?.contains("SHA-256") == true)
            let after = try StoreContents(cache)
            #expect(after.entries.map(\.key).sorted() == [keys[0], keys[2]].sorted())
            #expect(try after.waste(naming: Set(keys)).map(\.reason) == ["set aside as damaged"])
        }
    }

    @Test func aSampleRecomputedFromTheTeacherAgreesAndAnotherTeachersDoesNot() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder)
            let fixture = try ModelFixture(tinyModel)
            let outputs = TeacherOutputs(try fixture.teacher())
            for encoding in TeacherOutputSettings.Encoding.allCases {
                for mass in [1, 0.5] {
                    var settings = TeacherOutputSettings(topK: 8, commonVocabulary: 272, saliencyLayer: 1)
                    (settings.encoding, settings.saliencyMass) = (encoding, mass)
                    let shard = try outputs.shard(0, of: dataset, settings: settings)
                    let stored = try CachedShard(
                        SafeTensorsFile(bytes: shard.writer(metadata: [:]).serialized(), name: "entry"))
                    var same = TeacherComparison()
                    try outputs.compare(
                        stored, settings: settings, shard: 0, of: dataset, rows: [0, 1, 3], into: &same)
                    #expect(same.positions > 20 && same.wrong == 0, "\(same)")
                    var other = TeacherComparison()
                    try TeacherOutputs(try fixture.student()).compare(
                        stored, settings: settings, shard: 0, of: dataset, rows: [0], into: &other)
                    #expect(other.wrong > 0)
                }
            }
        }
    }

    @Test func theEstimateIsWhatFillingThenTakes() throws {
        try withTemporaryFolder { folder in
            let dataset = try tinyDataset(in: folder, samples: 48, samplesPerShard: 12)
            let outputs = TeacherOutputs(try ModelFixture(tinyModel).teacher())
            let settings = TeacherOutputSettings(topK: 16, commonVocabulary: 272, saliencyLayer: 1)
            let estimate = try StoreEstimate(outputs, dataset: dataset, settings: settings, count: 24)
            let shards = try dataset.index.shards.indices.map {
                try outputs.shard($0, of: dataset, settings: settings)
            }
            let positions = Double(shards.reduce(0) { $0 + $1.positions })
            let bytes = Double(shards.reduce(0) { $0 + $1.stateBytes })
            #expect(
                abs(estimate.positions - positions) < 0.05 * positions
                    && abs(estimate.stateBytes - bytes) < 0.1 * bytes)
            #expect(estimate.hours > 0 && estimate.storedBytes < estimate.stateBytes * 1.2)
            let stored = try shards.reduce(0.0) { sum, shard in
                sum
                    + Double(
                        try shard.writer(metadata: [:]).serialized(compression: .zstandard(level: 3)).count)
            }
            #expect(abs(estimate.storedBytes - stored) < 0.15 * stored, "\(estimate.storedBytes), \(stored)")
            let parameters = outputs.teacher.parameters().reduce(0) { $0 + $1.value.count }
            #expect(estimate.weightBytes == 4 * parameters && estimate.mappedBytes == 0)
            #expect(estimate.teraflop > 0 && estimate.shards == 4)
            #expect(
                [2, 3, 4, 9].map { estimate.hours(processes: $0) / estimate.hours } == [0.5, 0.5, 0.25, 0.25])
            let tenfold = try StoreEstimate(
                outputs, dataset: dataset, settings: settings, count: 24, scale: 10)
            #expect(abs(tenfold.positions / estimate.positions - 10) < 1e-6)
            #expect(abs(estimate.bytesPerPosition - StoreEstimate.bytesPerPosition(settings)) < 0.1)
        }
    }

    @Test func aPositionTakesAtMostThreeHundredBytes() {
        var settings = TeacherOutputSettings(topK: 64, commonVocabulary: 151_936, saliencyLayer: 0)
        #expect(StoreEstimate.bytesPerPosition(settings) == 274)
        settings.encoding = .sampled
        #expect(StoreEstimate.bytesPerPosition(settings) == 64 * (18 + 7) / 8 + 6)
    }
}
