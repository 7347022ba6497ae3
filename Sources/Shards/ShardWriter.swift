import Files
import Foundation
import Text

/// Collects the columns of one shard and writes it.
struct ShardWriter {
    private let description: ShardDescription
    private var ids: [UInt8] = []
    private var idOffsets: [UInt64] = [0]
    private var rowOffsets: [UInt64] = [0]
    private var inputIDs: [Int32] = []
    private var labels: [Int32] = []
    private var instructionMask: [UInt8] = []
    private var imageIndex: [Int32] = []
    /// The number in the spool of every picture of this shard, in order of first use.
    private var images: [Int] = []
    private var local: [Int: Int32] = [:]

    init(description: ShardDescription) { self.description = description }

    /// - Parameter image: the picture's number in the spool
    mutating func add(id: String, _ packed: PackedSample, image: Int?) {
        inputIDs += packed.inputIDs
        labels += packed.labels
        instructionMask += packed.instructionMask
        rowOffsets.append(UInt64(inputIDs.count))
        ids += Array(id.utf8)
        idOffsets.append(UInt64(ids.count))
        guard let image else { return imageIndex.append(-1) }
        if local[image] == nil {
            local[image] = Int32(images.count)
            images.append(image)
        }
        imageIndex.append(local[image] ?? -1)
    }

    /// Writes the shard. Its bytes depend on the samples, the pictures, the description and the level alone.
    func write(to folder: URL, file: String, pixels: PixelSpool?, compressionLevel: Int) throws
        -> ShardIndex.Entry
    {
        var writer = SafeTensorsWriter(metadata: try description.metadata(samples: imageIndex.count))
        writer.add("row_offsets", rowOffsets)
        writer.add("id_offsets", idOffsets)
        writer.add("input_ids", inputIDs)
        writer.add("labels", labels)
        writer.add("image_index", imageIndex)
        writer.add("instruction_mask", instructionMask)
        writer.add("ids", ids)
        let size = description.imageProcessor.size
        writer.add("pixels", .uint8, shape: [images.count, size, size, 3]) { [images] sink in
            for image in images { try pixels?.copy(image: image, to: sink) }
        }
        let raw = try writer.serialized()
        let target = try AtomicFile(folder.appendingPathComponent(file))
        let digest = DigestStream()
        let compressor = ZstandardWriter(
            to: Tee(target, digest), level: compressionLevel, contentBytes: raw.count)
        try compressor.write(raw)
        try compressor.finish()
        try target.commit()
        return ShardIndex.Entry(
            file: file, samples: imageIndex.count, images: images.count, tokens: inputIDs.count,
            supervisedTokens: labels.count { $0 != ShardFormat.ignoreIndex },
            rows: SampleNumbers(zip(rowOffsets, rowOffsets.dropFirst()).map { Int($1 - $0) }),
            pictures: SampleNumbers(imageIndex.map { Int($0) + 1 }),
            rawBytes: raw.count,
            compressedBytes: target.bytesWritten, rawSHA256: Digest.sha256(raw),
            compressedSHA256: digest.finish())
    }
}

/// Two sinks that get the same bytes.
private final class Tee: ByteSink {
    private let first, second: any ByteSink

    init(_ first: any ByteSink, _ second: any ByteSink) {
        self.first = first
        self.second = second
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try first.write(bytes)
        try second.write(bytes)
    }
}
