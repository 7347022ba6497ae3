import Files
import Foundation

/// One shard in memory, checked.
public final class Shard: Sendable {
    /// Name of the file.
    public let path: String
    /// Samples.
    public let count: Int
    /// Pictures.
    public let images: Int
    private let file: SafeTensorsFile
    private let description: ShardDescription
    private let rowOffsets, idOffsets: [Int]  // [count + 1]
    private let inputIDs, labels: [Int32]  // [tokens]
    private let instructionMask, ids: [UInt8]
    private let imageIndex: [Int32]  // [count]

    /// - Throws: `ShardsError.corruptShard` when a digest or a column is not what the index and the format
    ///   say
    init(folder: URL, entry: ShardIndex.Entry, description: ShardDescription) throws {
        let url = folder.appendingPathComponent(entry.file)
        path = url.path
        self.description = description
        func corrupt(_ problem: String) -> ShardsError { .corruptShard(path: url.path, problem: problem) }

        let stored: [UInt8]
        do {
            let parts = try FileParts(url)
            stored = try parts.bytes(0..<min(parts.size(), entry.compressedBytes + 1))
        } catch { throw corrupt("it cannot be read (\(error))") }
        guard stored.count == entry.compressedBytes else {
            throw corrupt("\(stored.count) bytes, the index says \(entry.compressedBytes)")
        }
        guard Digest.sha256(stored) == entry.compressedSHA256 else {
            throw corrupt("its SHA-256 is not that of the index")
        }
        // The digest vouches for the bytes; what follows guards against a writer that is wrong.
        let file: SafeTensorsFile
        do { file = try SafeTensorsFile(bytes: stored, name: url.path, limit: entry.rawBytes) } catch {
            throw corrupt("\(error)")
        }
        guard file.metadata == (try description.metadata(samples: entry.samples)) else {
            throw corrupt("its metadata are not those of the index")
        }

        func check(_ name: String, _ type: ElementType, _ shape: [Int?]) throws {
            guard file.contains(name) else { throw corrupt("column '\(name)' is missing") }
            let found = try file.entry(name)
            guard found.dtype == type, found.shape.count == shape.count,
                zip(found.shape, shape).allSatisfy({ $1 == nil || $0 == $1 })
            else {
                let expected = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
                throw corrupt(
                    "column '\(name)' is \(found.dtype.rawValue) \(found.shape), expected \(type.rawValue) "
                        + "[\(expected)]"
                )
            }
        }
        let size = description.imageProcessor.size
        let (samples, tokens) = (entry.samples, entry.tokens)
        try check("row_offsets", .uint64, [samples + 1])
        try check("id_offsets", .uint64, [samples + 1])
        try check("input_ids", .int32, [tokens])
        try check("labels", .int32, [tokens])
        try check("instruction_mask", .uint8, [tokens])
        try check("image_index", .int32, [samples])
        try check("ids", .uint8, [nil])
        try check("pixels", .uint8, [entry.images, size, size, 3])
        (count, images) = (samples, entry.images)
        self.file = file
        rowOffsets = try file.integers("row_offsets")
        idOffsets = try file.integers("id_offsets")
        inputIDs = try file.int32s("input_ids")
        labels = try file.int32s("labels")
        instructionMask = try file.bytes("instruction_mask")
        imageIndex = try file.int32s("image_index")
        ids = try file.bytes("ids")
        if let problem = inconsistency { throw corrupt(problem) }
    }

    /// Contradiction between the columns; nil where there is none.
    private var inconsistency: String? {
        for (name, offsets, end) in [
            ("row_offsets", rowOffsets, inputIDs.count), ("id_offsets", idOffsets, ids.count),
        ] {
            guard offsets.first == 0, offsets.last == end,
                zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
            else {
                return "'\(name)' does not rise from 0 to \(end)"
            }
        }
        for row in 0..<count {
            let image = Int(imageIndex[row])
            guard image >= -1, image < images else { return "sample \(row) has image \(image) of \(images)" }
            var (visual, first, last) = (0, 0, -1)
            for i in rowOffsets[row]..<rowOffsets[row + 1] where inputIDs[i] == ShardFormat.imageTokenIndex {
                if visual == 0 { first = i }
                last = i
                visual += 1
            }
            let expected = image < 0 ? 0 : description.visualTokens
            guard visual == expected, last - first + 1 == visual || visual == 0 else {
                return "sample \(row) has \(visual) visual tokens, expected \(expected) in a row"
            }
            guard visual == 0 || instructionMask[rowOffsets[row]...last].allSatisfy({ $0 == 0 }) else {
                return "sample \(row) has an instruction token before its last visual token"
            }
        }
        for (id, label) in zip(inputIDs, labels) {
            guard id >= 0 || id == ShardFormat.imageTokenIndex,
                label == ShardFormat.ignoreIndex || label >= 0 && label == id
            else {
                return "it has token id \(id) with label \(label)"
            }
        }
        return nil
    }

    /// The sample at `row` of this shard.
    public func sample(_ row: Int) -> Sample {
        precondition((0..<count).contains(row), "sample \(row) of a shard of \(count)")
        let tokens = rowOffsets[row]..<rowOffsets[row + 1]
        let rowIDs = Array(inputIDs[tokens])
        let visual = rowIDs.firstIndex(of: ShardFormat.imageTokenIndex)
        return Sample(
            id: String(decoding: ids[idOffsets[row]..<idOffsets[row + 1]], as: UTF8.self), inputIDs: rowIDs,
            labels: Array(labels[tokens]), instructionMask: Array(instructionMask[tokens]),
            visualRange: visual.map { $0..<$0 + description.visualTokens },
            imageIndex: image(ofSample: row))
    }

    /// The number of the sample's picture in this shard; nil for text-only samples.
    public func image(ofSample row: Int) -> Int? { imageIndex[row] < 0 ? nil : Int(imageIndex[row]) }

    /// Lends a picture's prepared pixels, `[size, size, 3]`.
    public func withPixels<Result>(image: Int, _ body: (UnsafePointer<UInt8>) throws -> Result) throws
        -> Result
    {
        precondition((0..<images).contains(image), "image \(image) of a shard of \(images)")
        return try file.withBytes(of: "pixels") { bytes in
            guard let base = bytes.baseAddress else {
                throw ShardsError.corruptShard(path: path, problem: "it has no pixels")
            }
            let start = base + image * description.imageProcessor.samples
            return try body(start.assumingMemoryBound(to: UInt8.self))
        }
    }
}

/// A conversation ready for a model.
public struct Sample: Sendable, Equatable {
    /// The sample's id in its data.
    public let id: String
    /// `[tokens]`; visual positions hold `ShardFormat.imageTokenIndex`.
    public let inputIDs: [Int32]
    /// `[tokens]`: the token's id where it is supervised, else `ShardFormat.ignoreIndex`; not shifted.
    public let labels: [Int32]
    /// `[tokens]`: 1 at text tokens after the image that are no answer, else 0.
    public let instructionMask: [UInt8]
    /// Positions of the visual tokens; nil for text-only samples.
    public let visualRange: Range<Int>?
    /// Number of the picture within the sample's shard.
    public let imageIndex: Int?
}
