import Distillation
import Foundation
import Shards

/// Teacher outputs of a data set's samples, read from the cache shard by shard.
public final class CachedTeacher {
    /// The index that names the entries.
    public let index: StoreIndex
    private let cache: Store
    private let dataset: ShardDataset
    private let repair: CacheRepair?
    private var held: [(number: Int, shard: CachedShard)] = []  // latest use last

    /// - Parameter repair: computes entries that are lost or damaged; without it they are errors
    /// - Throws: `StoreError` when the index is not of these shards or an entry is missing
    public init(
        index folder: URL, cache: Store, dataset: ShardDataset, repair: CacheRepair? = nil
    ) throws {
        index = try StoreIndex(folder: folder)
        (self.cache, self.dataset, self.repair) = (cache, dataset, repair)
        let path = folder.appendingPathComponent(StoreIndex.file).path
        guard index.complete else {
            throw StoreError.badEntry(
                path: path, problem: "cache-teacher has not finished these outputs")
        }
        try index.settings.validate()
        try requireSameDescription(path)
        guard index.shards == dataset.digest, index.entries.map(\.shard) == dataset.shardNames
        else {
            throw StoreError.mismatch(
                what: "\(path): data set", found: String(index.shards.prefix(12)),
                expected: "\(dataset.digest.prefix(12)) (\(dataset.path))",
                remedy: "run cache-teacher on these shards")
        }
        for (entry, shard) in zip(index.entries, dataset.index.shards) {
            let expected = Store.key(
                teacher: index.teacher, shard: shard.rawSHA256, settings: index.settings)
            let file = cache.path(expected).path
            switch try cache.state(expected) {
            case _ where entry.key != expected:
                throw StoreError.mismatch(
                    what: "\(path): key of \(entry.shard)", found: String(entry.key.prefix(12)),
                    expected: String(expected.prefix(12)),
                    remedy: "the shard or the settings are not those the outputs were computed for: "
                        + "run cache-teacher on these shards"
                )
            case .absent where repair != nil, .damaged where repair != nil: continue
            case .absent: throw StoreError.missingEntry(path: file, shard: entry.shard)
            case .damaged(let problem): throw StoreError.damagedEntry(path: file, problem: problem)
            case .whole(let seal, _) where seal.samples != shard.samples:
                throw StoreError.badEntry(
                    path: file, problem: "it holds \(seal.samples) samples, the shard \(shard.samples)")
            case .whole: continue
            }
        }
    }

    /// Fails where another teacher than this one has made the outputs.
    ///
    /// - Parameter folder: of the teacher's checkpoint
    /// - Throws: `StoreError.mismatch`
    public func require(teacher folder: URL) throws {
        let found = try cache.digest(ofModel: folder)
        guard found != index.teacher else { return }
        throw StoreError.mismatch(
            what: "teacher \(folder.path)", found: String(found.prefix(12)),
            expected: "\(index.teacher.prefix(12)), which the cached outputs are of",
            remedy: "run cache-teacher with this teacher, give the other one, or say mixed_teachers: true in "
                + "the recipe")
    }

    /// Fails with the field in which the outputs' data differ from these shards: a digest would not say what
    /// to mend.
    private func requireSameDescription(_ path: String) throws {
        guard let packed = index.description else { return }
        let now = dataset.description
        func check<Value: Equatable>(_ field: String, _ found: Value, _ expected: Value) throws {
            guard found != expected else { return }
            throw StoreError.mismatch(
                what: "\(path): \(field) of the cached outputs", found: "\(found)",
                expected: "that of \(dataset.path), \(expected)",
                remedy: "run cache-teacher on these shards")
        }
        try check("tokenizer", packed.tokenizer, now.tokenizer)
        try check("template", packed.template, now.template)
        try check("end token", packed.endToken, now.endToken)
        try check("label rule", packed.labelRule, now.labelRule)
        try check("maximum length", packed.maximumLength, now.maximumLength)
        try check("visual tokens", packed.visualTokens, now.visualTokens)
        try check("image processor", packed.imageProcessor, now.imageProcessor)
    }

    /// The outputs for a sample of the data set.
    ///
    /// - Throws: `StoreError.badEntry` when an entry is damaged or does not fit its shard
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
        guard let shard = try whole(number) else {
            throw StoreError.missingEntry(path: cache.path(entry.key).path, shard: entry.shard)
        }
        let source = try dataset.shard(number)
        let path = cache.path(entry.key).path
        try shard.require(index.settings, path: path)
        guard shard.samples == source.count else {
            throw StoreError.badEntry(
                path: path, problem: "it holds \(shard.samples) samples, the shard \(source.count)")
        }
        for row in 0..<source.count {
            let (sample, cached) = (source.sample(row), shard.sample(row))
            let responses = sample.labels.indices.count { $0 > 0 && sample.labels[$0] >= 0 }
            guard cached.response.count == responses, cached.visual.count == sample.visualRange?.count ?? 0
            else {
                throw StoreError.badEntry(
                    path: path, problem: "sample \(row) has other positions than the shard's")
            }
        }
        if held.count >= dataset.shardsHeld { held.removeFirst() }
        held.append((number, shard))
        return shard
    }

    /// The entry of a shard, computed again where it is lost or damaged and that can be done.
    private func whole(_ number: Int) throws -> CachedShard? {
        let key = index.entries[number].key
        guard let repair else { return try cache.entry(key) }
        var problem = "it is not there"
        do { if let shard = try cache.entry(key) { return shard } } catch let error as StoreError {
            guard case .damagedEntry(_, let found) = error else { throw error }
            problem = found
        }
        try repair(index, number, of: dataset, in: cache, problem: problem)
        return try cache.entry(key)
    }
}
