import Foundation
import Shards

/// Teacher outputs of a data set's samples, read from the cache shard by shard.
public final class CachedTeacher {
    public let index: TeacherCacheIndex
    private let cache: TeacherCache
    private let dataset: ShardDataset
    private var held: [(number: Int, shard: CachedShard)] = []  // latest use last

    /// - Throws: `DistillationError` when the index is not of these shards or an entry is missing
    public init(index folder: URL, cache: TeacherCache, dataset: ShardDataset) throws {
        index = try TeacherCacheIndex(folder: folder)
        (self.cache, self.dataset) = (cache, dataset)
        let path = folder.appendingPathComponent(TeacherCacheIndex.file).path
        guard index.shards == dataset.digest, index.entries.map(\.shard) == dataset.index.shards.map(\.file) else {
            throw DistillationError.mismatch(
                what: "\(path): data set", found: String(index.shards.prefix(12)), expected: "\(dataset.digest.prefix(12)) (\(dataset.folder.path))",
                remedy: "run cache-teacher on these shards")
        }
        for (entry, shard) in zip(index.entries, dataset.index.shards) {
            let expected = TeacherCache.key(teacher: index.teacher, shard: shard.rawSHA256, settings: index.settings)
            guard entry.key == expected, FileManager.default.fileExists(atPath: cache.path(entry.key).path) else {
                throw DistillationError.missingEntry(path: cache.path(expected).path, shard: entry.shard)
            }
        }
    }

    /// - Throws: `DistillationError.badEntry` when an entry is damaged or does not fit its shard
    public func sample(_ number: Int) throws -> CachedSample {
        let place = dataset.location(of: number)
        return try shard(place.shard).sample(place.row)
    }

    private func shard(_ number: Int) throws -> CachedShard {
        if let at = held.firstIndex(where: { $0.number == number }) {
            let found = held.remove(at: at)
            held.append(found)
            return found.shard
        }
        let entry = index.entries[number]
        guard let shard = try cache.entry(entry.key) else {
            throw DistillationError.missingEntry(path: cache.path(entry.key).path, shard: entry.shard)
        }
        let source = try dataset.shard(number)
        let path = cache.path(entry.key).path
        guard shard.samples == source.count else {
            throw DistillationError.badEntry(path: path, problem: "it holds \(shard.samples) samples, the shard \(source.count)")
        }
        for row in 0..<source.count {
            let (sample, cached) = (source.sample(row), shard.sample(row))
            let responses = sample.labels.indices.count { $0 > 0 && sample.labels[$0] >= 0 }
            guard cached.response.count == responses, cached.visual.count == sample.visualRange?.count ?? 0 else {
                throw DistillationError.badEntry(path: path, problem: "sample \(row) has other positions than the shard's")
            }
        }
        if held.count >= dataset.shardsHeld { held.removeFirst() }
        held.append((number, shard))
        return shard
    }
}
