import AlignmentSupport
import Distillation
import Files
import Foundation
import Shards
import TeacherStore
import TestSupport
import Testing

@Suite struct FillingTests {
    private func keys(_ count: Int) -> [String] { (0..<count).map { Digest.sha256("key \($0)") } }

    private func fill(
        _ cache: Store, _ keys: [String], from start: Int = 0, made: (Int) -> Void = { _ in }
    ) throws -> [Filling.Event] {
        var filling = Filling(cache, claims: Claims(cache))
        filling.poll = 0.01
        var events: [Filling.Event] = []
        let finished = try filling.run(keys, from: start) { number in
            made(number)
            return (smallShard(number), nil)
        } report: {
            events.append($0)
        }
        #expect(finished)
        return events
    }

    @Test func threadsThatFillOneStoreComputeEveryEntryOnce() throws {
        try withTemporaryFolder { folder in
            let (cache, keys) = (Store(folder), keys(40))
            let made = Guarded<[Int]>([])
            let failures = Guarded<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 6) { worker in
                do {
                    var filling = Filling(cache, claims: Claims(cache))
                    filling.poll = 0.01
                    _ = try filling.run(keys, from: worker * 7) { number in
                        made.withLock { $0.append(number) }
                        Thread.sleep(forTimeInterval: 0.005)
                        return (smallShard(number), nil)
                    }
                    for key in keys where try cache.summary(key, shard: "") == nil {
                        failures.withLock { $0.append(key) }
                    }
                } catch { failures.withLock { $0.append("\(error)") } }
            }
            #expect(failures.withLock { $0 } == [])
            #expect(made.withLock { $0.sorted() } == Array(0..<40))
            let claims = try FileManager.default.contentsOfDirectory(
                atPath: folder.appendingPathComponent("claims").path)
            #expect(claims == [])
        }
    }

    @Test func whatIsThereIsReusedAndADamagedEntryIsNamedAndComputedAgain() throws {
        try withTemporaryFolder { folder in
            let (cache, keys) = (Store(folder), keys(4))
            _ = try fill(cache, Array(keys[..<3]))
            var bytes = [UInt8](try Data(contentsOf: cache.path(keys[1])))
            bytes[bytes.count - 100] ^= 4
            try Data(bytes).write(to: cache.path(keys[1]))
            var made: [Int] = []
            let events = try fill(cache, keys) { made.append($0) }
            #expect(made.sorted() == [1, 3])
            let damaged = events.compactMap { event in
                if case .damaged(let number, let problem) = event { (number, problem) } else { nil }
            }
            #expect(damaged.map(\.0) == [1] && damaged[0].1.contains("seal"))
            #expect(try cache.entry(keys[1])?.sample(0).response == smallShard(1).sample(0).response)
            #expect(events.count { if case .reused = $0 { true } else { false } } == 2)
        }
    }

    /// Damage inside an entry, which only reading shows: the reader sets it aside, the next filling makes it
    /// again.
    @Test func whatAReaderFindsDamagedIsComputedAgain() throws {
        try withTemporaryFolder { folder in
            let (cache, keys) = (Store(folder), keys(2))
            _ = try fill(cache, keys)
            var bytes = [UInt8](try Data(contentsOf: cache.path(keys[0])))
            bytes[40] ^= 1
            try Data(bytes).write(to: cache.path(keys[0]))
            #expect { try cache.entry(keys[0]) } throws: { "\($0)".contains(keys[0]) }
            var made: [Int] = []
            _ = try fill(cache, keys) { made.append($0) }
            #expect(try made == [0] && cache.entry(keys[0]) != nil)
        }
    }

    @Test func equalShardsAreComputedOnceAndLeftoversOfDeadWritersAreSwept() throws {
        try withTemporaryFolder { folder in
            let (cache, keys) = (Store(folder), keys(2))
            let partial = cache.path(keys[0]).deletingLastPathComponent()
                .appendingPathComponent(".\(cache.path(keys[0]).lastPathComponent).partial-1-abc")
            try AtomicOutput.makeFolder(partial.deletingLastPathComponent())
            try Data([1, 2, 3]).write(to: partial)
            var made: [Int] = []
            _ = try fill(cache, [keys[0], keys[1], keys[0]]) { made.append($0) }
            #expect(made.sorted() == [0, 1] && !FileManager.default.fileExists(atPath: partial.path))
        }
    }

    @Test func anErrorGivesTheClaimBack() throws {
        struct Failure: Error {}
        try withTemporaryFolder { folder in
            let cache = Store(folder)
            let filling = Filling(cache, claims: Claims(cache))
            #expect(throws: Failure.self) { try filling.run(keys(1), from: 0) { _ in throw Failure() } }
            let events = try fill(cache, keys(1))  // computing, written
            #expect(events.count == 2)
        }
    }

    @Test func addingSamplesComputesTheNewShardsOnly() throws {
        try withTemporaryFolder { folder in
            let cache = Store(folder.appendingPathComponent("cache"))
            let outputs = TeacherOutputs(try ModelFixture(tinyModel).teacher())
            let settings = TeacherOutputSettings(topK: 4, commonVocabulary: 272, saliencyLayer: 1)
            func made(samples: Int) throws -> [Int] {
                let dataset = try tinyDataset(
                    in: folder.appendingPathComponent("\(samples)"), samples: samples, samplesPerShard: 5)
                let keys = dataset.index.shards.map {
                    Store.key(teacher: "t", shard: $0.rawSHA256, settings: settings)
                }
                var made: [Int] = []
                _ = try Filling(cache, claims: Claims(cache)).run(keys, from: 1) {
                    number in
                    made.append(number)
                    return (try outputs.shard(number, of: dataset, settings: settings), nil)
                }
                return made.sorted()
            }
            #expect(try made(samples: 10) == [0, 1])
            #expect(try made(samples: 18) == [2, 3])
            #expect(try made(samples: 10) == [])
        }
    }

    @Test func relevanceIsMeasuredOnce() throws {
        try withTemporaryFolder { folder in
            let cache = Store(folder)
            let measured = Guarded(0)
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                var filling = Filling(cache, claims: Claims(cache))
                filling.poll = 0.01
                let found = try? filling.relevance("r") {
                    measured.withLock { $0 += 1 }
                    Thread.sleep(forTimeInterval: 0.05)
                    return InstructionRelevance(pairs: 1, scores: [0.5], standardErrors: [0])
                }
                if found?.scores != [0.5] { measured.withLock { $0 += 100 } }
            }
            #expect(measured.withLock { $0 } == 1)
        }
    }
}
