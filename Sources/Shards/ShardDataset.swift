import Files
import Foundation
import Synchronization

/// A folder of shards, read on demand; a few shards stay in memory.
///
/// Safe to use from many threads; shards are loaded one at a time.
public final class ShardDataset: Sendable {
    /// Folder of the shards.
    public let folder: URL
    /// Contents of its `index.json`.
    public let index: ShardIndex
    /// Shards kept in memory, and shuffled together by `order`.
    public let shardsHeld: Int
    private let firstSample: [Int]  // [shards]
    private let held = Mutex<[(number: Int, shard: Shard)]>([])  // latest use last

    /// Opens the index; shards are opened, and their digests checked, when first needed.
    ///
    /// - Throws: `ShardsError.notADataset`, `.unknownVersion`
    public init(_ folder: URL, shardsHeld: Int = 8) throws {
        precondition(shardsHeld > 0, "a data set holds at least one shard, not \(shardsHeld)")
        self.folder = folder
        self.shardsHeld = shardsHeld
        index = try ShardIndex(folder: folder)
        var first = 0
        firstSample = index.shards.map { entry in
            defer { first += entry.samples }
            return first
        }
    }

    /// Samples.
    public var count: Int { index.totals.samples }
    public var description: ShardDescription { index.description }

    /// SHA-256 over the shards' raw contents, in order: the identity of the data for caches.
    public var digest: String {
        Digest.sha256(ofFiles: index.shards.map { (name: $0.file, digest: $0.rawSHA256) })
    }

    /// Fails when the shards were made for another tokenizer, image preparation or visual length.
    ///
    /// - Parameter tokenizer: SHA-256 of `Tokenizer.identityBytes`
    public func require(tokenizer: String? = nil, imageSize: Int? = nil, visualTokens: Int? = nil) throws {
        func check(_ field: String, _ found: String, _ expected: String?) throws {
            guard let expected, found != expected else { return }
            throw ShardsError.mismatch(
                path: folder.appendingPathComponent(ShardFormat.indexFile).path, field: field, found: found,
                expected: expected)
        }
        try check("tokenizer", description.tokenizer, tokenizer)
        try check("image_processor.size", "\(description.imageProcessor.size)", imageSize.map { "\($0)" })
        try check("visual_tokens", "\(description.visualTokens)", visualTokens.map { "\($0)" })
    }

    /// The order of an epoch: `SampleOrder` with the shards held in memory shuffled together.
    public func order(seed: UInt64, epoch: Int) -> SampleOrder {
        SampleOrder(shardSizes: index.shards.map(\.samples), together: shardsHeld, seed: seed, epoch: epoch)
    }

    /// Place of sample `number`: its shard and its row there.
    public func location(of number: Int) -> (shard: Int, row: Int) {
        precondition((0..<count).contains(number), "sample \(number) of a data set of \(count)")
        var (low, high) = (0, firstSample.count)  // firstSample[low] <= number < firstSample[high]
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstSample[middle] <= number { low = middle } else { high = middle }
        }
        return (low, number - firstSample[low])
    }

    /// Tokens of a sample, the visual ones included: from the index, so that nothing is decompressed for it;
    /// from the shard where an older index does not say.
    ///
    /// - Throws: `ShardsError.corruptShard`
    public func rows(ofSample number: Int) throws -> Int {
        let place = location(of: number)
        if let rows = index.shards[place.shard].rows { return rows.values[place.row] }
        return try sample(number).inputIDs.count
    }

    /// Number of a sample's picture among those of all shards; nil for a sample without one. A picture that
    /// two shards hold counts as two.
    ///
    /// - Throws: `ShardsError.corruptShard`
    public func picture(ofSample number: Int) throws -> Int? {
        let place = location(of: number)
        let image: Int
        if let pictures = index.shards[place.shard].pictures {
            image = pictures.values[place.row]
        } else {
            image = try shard(place.shard).image(ofSample: place.row).map { $0 + 1 } ?? 0
        }
        return image == 0 ? nil : place.shard << 40 + image
    }

    /// - Throws: `ShardsError.corruptShard`
    public func sample(_ number: Int) throws -> Sample {
        let place = location(of: number)
        return try shard(place.shard).sample(place.row)
    }

    /// Lends the prepared pixels of a sample's picture, `[size, size, 3]`; `body` gets nil for text-only
    /// samples.
    ///
    /// - Throws: `ShardsError.corruptShard`; what `body` throws
    public func withPixels<Result>(ofSample number: Int, _ body: (UnsafePointer<UInt8>?) throws -> Result)
        throws -> Result
    {
        let place = location(of: number)
        let shard = try shard(place.shard)
        guard let image = shard.image(ofSample: place.row) else { return try body(nil) }
        return try shard.withPixels(image: image) { try body($0) }
    }

    /// The shard, from memory or from disk.
    ///
    /// - Throws: `ShardsError.corruptShard`
    public func shard(_ number: Int) throws -> Shard {
        precondition(index.shards.indices.contains(number), "shard \(number) of \(index.shards.count)")
        return try held.withLock { held in
            if let at = held.firstIndex(where: { $0.number == number }) {
                let found = held.remove(at: at)
                held.append(found)
                return found.shard
            }
            let shard = try Shard(folder: folder, entry: index.shards[number], description: description)
            if held.count >= shardsHeld { held.removeFirst() }
            held.append((number, shard))
            return shard
        }
    }
}
