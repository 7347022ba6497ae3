import Distillation
import Files
import Foundation
import TeacherStore
import Testing

@Suite struct CachedShardTests {
    private func shard() -> CachedShard {
        func target(_ seed: Int) -> CachedTarget {
            CachedTarget(ids: [Int32(seed % 500), 511, 3], logProbabilities: [-0.25, -2, -8], logTail: -4)
        }
        var shard = CachedShard(TeacherOutputSettings(topK: 3, commonVocabulary: 512, saliencyLayer: 0))
        let group = shard.addVisualGroup([target(7), target(8)])
        shard.addSample(
            visualGroup: group, saliency: [0.5, 0.125], response: [target(1), target(2), target(3)])
        shard.addSample(visualGroup: -1, saliency: [], response: [target(4)])
        shard.addSample(visualGroup: group, saliency: [0.25, 0.0625], response: [])
        return shard
    }

    @Test func comesBackAsItWasWritten() throws {
        let bytes = try shard().writer(metadata: [:]).serialized(compression: .zstandard(level: 3))
        let again = try CachedShard(SafeTensorsFile(bytes: bytes, name: "entry"))
        #expect(again.samples == 3)
        #expect(again.sample(0).response.map { $0.ids[0] } == [1, 2, 3])
        #expect(again.sample(0).visual.map { $0.ids } == [[7, 511, 3], [8, 511, 3]])
        #expect(
            again.sample(2).visual == again.sample(0).visual && again.sample(2).saliency == [0.25, 0.0625])
        #expect(again.sample(1).visual.isEmpty && again.sample(1).response[0].logTail == -4)
        #expect(abs(again.tailMass.mean - exp(-4)) < 1e-6)
    }

    @Test func packedIdsTakeTheBitsTheyNeed() {
        for limit in [2, 3, 512, 513, 151_936] {
            let values = (0..<100).map { Int32($0 * 7919 % limit) }
            let bytes = PackedIntegers.pack(values, limit: limit)
            #expect(bytes.count == (100 * PackedIntegers.bits(limit: limit) + 7) / 8)
            #expect(PackedIntegers.unpack(bytes, count: 100, limit: limit) == values)
            #expect(PackedIntegers.unpack(Array(bytes.dropLast()), count: 100, limit: limit) == nil)
        }
        #expect(PackedIntegers.bits(limit: 151_936) == 18)
        // k = 64 of a 151,936-word vocabulary: 144 bytes of ids, 128 of log-probabilities, 2 of tail.
        #expect(PackedIntegers.byteCount(64, limit: 151_936) + 64 * 2 + 2 == 274)
    }

    @Test func drawsComeBackAsTheyWereWritten() throws {
        var settings = TeacherOutputSettings(topK: nil, commonVocabulary: 512, saliencyLayer: 0)
        (settings.encoding, settings.samples) = (.sampled, 10)
        var shard = CachedShard(settings)
        let targets = [
            CachedTarget(ids: [511, 3], counts: [7, 3], entropy: 0.75),
            CachedTarget(ids: [9], counts: [10], entropy: 0),
            CachedTarget(ids: Array(0..<10), counts: Array(repeating: 1, count: 10), entropy: 6),
        ]
        let group = shard.addVisualGroup([targets[2], targets[0]])
        shard.addSample(visualGroup: group, saliency: [0.5, 0.25], response: targets)
        let again = try CachedShard(
            SafeTensorsFile(bytes: shard.writer(metadata: [:]).serialized(), name: "entry"))
        #expect(again.sample(0).response == targets && again.sample(0).visual == [targets[2], targets[0]])
        #expect(again.stateBytes == shard.stateBytes && again.positions == 5)
    }

    @Test func aCutVisualTableComesBackWithItsPlaces() throws {
        var settings = TeacherOutputSettings(topK: 1, commonVocabulary: 512, saliencyLayer: 0)
        settings.saliencyMass = 0.5
        var shard = CachedShard(settings)
        let kept = CachedTarget(ids: [7], logProbabilities: [-0.25], logTail: -1.5)
        let group = shard.addVisualGroup([kept], at: [2])
        shard.addSample(visualGroup: group, saliency: [0, 0, 0.5, 0], response: [])
        let again = try CachedShard(
            SafeTensorsFile(bytes: shard.writer(metadata: [:]).serialized(), name: "entry"))
        #expect(again.sample(0).visual.map(\.ids) == [[], [], [7], []] && again.sample(0).visual[2] == kept)
    }

    @Test func nonsenseIsRefusedByName() throws {
        var writer = shard().writer(metadata: [:])
        writer.metadata["format_version"] = "99"
        let bytes = try writer.serialized(compression: .none)
        #expect { try CachedShard(SafeTensorsFile(bytes: bytes, name: "entry")) } throws: {
            "\($0)".contains("format version 99")
        }
        var short = SafeTensorsWriter(metadata: [
            "format_version": "2", "common_vocabulary": "8", "ids_per_position": "2",
        ])
        for name in ["response", "visual"] {
            short.add("\(name)_ids", .uint8, shape: [1], bytes: [0])
            short.add(
                "\(name)_log_probabilities", [Float](repeating: -1, count: 4), shape: [2, 2], as: .float16)
            short.add("\(name)_log_tail", [Float](repeating: -1, count: 2), shape: [2], as: .float16)
        }
        let broken = try short.serialized(compression: .none)
        #expect { try CachedShard(SafeTensorsFile(bytes: broken, name: "entry")) } throws: {
            "\($0)".contains("response_")
        }
    }
}
