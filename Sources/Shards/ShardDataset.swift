import Files
import Foundation

/// Folders of shards, read on demand as one data set; a few shards stay in memory.
///
/// Safe to use from many threads; shards are loaded one at a time.
public final class ShardDataset: Sendable {
    /// The folders, in their order; mostly one.
    public let sources: [ShardSource]
    /// Contents of the folders' `index.json`, one after the other.
    public let index: ShardIndex
    /// Shards kept in memory: an epoch shuffles so many together.
    public let shardsHeld: Int
    private let firstSample: [Int]  // [shards]
    private let held = Guarded<[(number: Int, shard: Shard)]>([])  // latest use last

    /// Opens the index; shards are opened, and their digests checked, when first needed.
    ///
    /// - Throws: `ShardsError.notADataset`, `.unknownVersion`
    public convenience init(_ folder: URL, shardsHeld: Int = 8) throws {
        try self.init([(name: "", folder: folder)], shardsHeld: shardsHeld)
    }

    /// The same for several folders.
    ///
    /// - Parameter folders: at least one; where there are several, each has a name of its own
    /// - Throws: also `ShardsError.otherSource` for a folder that does not go with the first
    public init(_ folders: [(name: String, folder: URL)], shardsHeld: Int = 8) throws {
        precondition(shardsHeld > 0, "a data set holds at least one shard, not \(shardsHeld)")
        self.shardsHeld = shardsHeld
        let indexes = try folders.map { try ShardIndex(folder: $0.folder) }
        sources = ShardSource.sources(folders, indexes)
        index = try ShardIndex(joining: zip(folders, indexes).map { ($0.folder, $1) })
        var first = 0
        firstSample = index.shards.map { entry in
            defer { first += entry.samples }
            return first
        }
    }

    /// The folders, for messages.
    public var path: String { sources.map(\.folder.path).joined(separator: ", ") }

    /// The source that a sample comes from, by its place in `sources`.
    public func source(ofSample number: Int) -> Int {
        sources.lastIndex { $0.samples.lowerBound <= number } ?? 0
    }

    /// Name of a shard: its file, and the source before it where there are several.
    public func name(ofShard number: Int) -> String {
        let file = index.shards[number].file
        guard sources.count > 1 else { return file }
        return "\(source(ofShard: number).name)/\(file)"
    }

    /// Names of all shards, in their order.
    public var shardNames: [String] { index.shards.indices.map { name(ofShard: $0) } }

    private func source(ofShard number: Int) -> ShardSource {
        sources.last { $0.shards.lowerBound <= number } ?? sources[0]
    }

    /// Path of the first folder's index, for messages about what all folders have in common.
    public var indexPath: String { sources[0].folder.appendingPathComponent(ShardFormat.indexFile).path }

    /// Samples.
    public var count: Int { index.totals.samples }
    /// What all sources have in common; template and end token are those of the conversations.
    public var description: ShardDescription { index.description }

    /// SHA-256 over the shards' raw contents, in order: the identity of the data for caches.
    public var digest: String {
        Digest.sha256(
            ofFiles: index.shards.indices.map {
                (name: name(ofShard: $0), digest: index.shards[$0].rawSHA256)
            })
    }

    /// The same of one source: what it is as a data set of its own.
    public func digest(of source: ShardSource) -> String {
        Digest.sha256(ofFiles: index.shards[source.shards].map { (name: $0.file, digest: $0.rawSHA256) })
    }

    /// Fails when the shards were made for another tokenizer, image preparation or visual length.
    ///
    /// - Parameter tokenizer: SHA-256 of `Tokenizer.identityBytes`
    public func require(tokenizer: String? = nil, imageSize: Int? = nil, visualTokens: Int? = nil) throws {
        func check(_ field: String, _ found: String, _ expected: String?) throws {
            guard let expected, found != expected else { return }
            throw ShardsError.mismatch(
                path: indexPath, field: field, found: found, expected: expected)
        }
        try check("tokenizer", description.tokenizer, tokenizer)
        try check("image_processor.size", "\(description.imageProcessor.size)", imageSize.map { "\($0)" })
        try check("visual_tokens", "\(description.visualTokens)", visualTokens.map { "\($0)" })
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
            let source = source(ofShard: number)
            let shard = try Shard(
                folder: source.folder, entry: index.shards[number], description: source.description)
            if held.count >= shardsHeld { held.removeFirst() }
            held.append((number, shard))
            return shard
        }
    }
}
