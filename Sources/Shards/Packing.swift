import Files
import Foundation
import Images
import Text

/// What happens with a sample that cannot be trained on.
public enum BadSamplePolicy: String, Sendable, Codable, CaseIterable {
    /// Packing stops with an error that names the sample.
    case fail
    /// The sample is left out, counted, and listed in `skipped.jsonl` with the reason.
    case skip
}

/// Which of the samples are packed, where some are held back from training.
public enum PackedPart: String, Sendable, Codable, CaseIterable {
    /// Those that are not held back: all, where the share is 0.
    case training
    case heldBack = "held_back"
}

/// How far packing has come.
public enum PackingEvent: Sendable, Equatable {
    /// Conversations read and tokenised so far.
    case read(records: Int)
    /// Distinct pictures decoded and resized, of all that are wanted.
    case prepared(images: Int, of: Int)
    case wrote(shards: Int, of: Int)
}

/// Conversations, their pictures, and how they become shards.
public struct Packing: Sendable {
    /// LLaVA JSON or JSON Lines files, packed in this order.
    public var data: [URL]
    /// A folder, .tar, .tar.gz, .tar.zst or .zip; nil when no sample has an image.
    public var images: URL?
    public var tokenizer: Tokenizer
    public var template: ConversationTemplate
    public var imageProcessor: ImageProcessor
    /// Copies of the placeholder an image becomes.
    public var visualTokens: Int
    /// Most tokens of a sample, the visual ones included; what is longer is cut on the right.
    public var maximumLength = 2048
    /// The shards are called `<name>-00000.safetensors.zst`.
    public var name = "train"
    public var samplesPerShard = 512
    /// zstd, 1 to 19.
    public var compressionLevel = 3
    public var badSamples = BadSamplePolicy.fail
    /// Reads only so many records; nil for all.
    public var limit: Int?
    /// Share of pictures (of samples, where there is none) that are held back; whoever shows a picture goes
    /// where it goes.
    public var heldBackShare = 0.0
    public var part = PackedPart.training
    /// The output does not depend on it.
    public var threads = ProcessInfo.processInfo.activeProcessorCount

    public init(
        data: [URL], images: URL?, tokenizer: Tokenizer, template: ConversationTemplate,
        imageProcessor: ImageProcessor,
        visualTokens: Int
    ) {
        self.data = data
        self.images = images
        self.tokenizer = tokenizer
        self.template = template
        self.imageProcessor = imageProcessor
        self.visualTokens = visualTokens
    }

    /// The description the shards will carry.
    public var description: ShardDescription {
        ShardDescription(
            tokenizer: Digest.sha256(tokenizer.identityBytes), template: template.identity,
            endToken: template.endText,
            maximumLength: maximumLength, visualTokens: visualTokens, imageProcessor: imageProcessor)
    }

    /// Checks the settings, before any data is read.
    ///
    /// - Throws: `ShardsError.badSetting`; `TextError` when the tokenizer lacks the template's markup
    public func check() throws {
        func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ShardsError.badSetting(
                    field: field, found: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
            }
        }
        try check("maximum_length", maximumLength, 2...1 << 24)
        try check("image.tokens", visualTokens, 1...maximumLength - 1)
        try check("samples_per_shard", samplesPerShard, 1...1 << 20)
        try check("compression_level", compressionLevel, 1...19)
        try check("threads", threads, 1...4096)
        if let limit { try check("limit", limit, 1...Int.max) }
        guard heldBackShare >= 0, heldBackShare < 1, part != .heldBack || heldBackShare > 0 else {
            throw ShardsError.badSetting(
                field: "held_back", found: "\(heldBackShare)",
                expected: "a share from 0 to 1, more than 0 where that part is packed")
        }
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else {
            throw ShardsError.badSetting(
                field: "name", found: "'\(name)'", expected: "a file name's beginning")
        }
        try template.check(tokenizer)
    }

    /// Whether a sample is in the part that is packed: a pure function of its picture's name, or of its id.
    func packs(_ sample: LlavaSample) -> Bool {
        guard heldBackShare > 0 else { return true }
        let digest = Digest.sha256("align-ti held back\n\(sample.image ?? sample.id)")
        let place = Double(UInt64(digest.prefix(12), radix: 16) ?? 0) / Double(1 << 48)
        return (place < heldBackShare) == (part == .heldBack)
    }

    /// Writes shards, `index.json` and, when samples were skipped, `skipped.jsonl`.
    ///
    /// Two passes, so that neither the order of an archive's members nor its size matters: the first
    /// tokenises all conversations and collects the wanted pictures, the second streams the image source once
    /// and prepares them; then shards are written in the order of the samples. In between, tokens and
    /// prepared pixels wait in unnamed files in `folder`.
    ///
    /// - Parameters:
    ///   - folder: made if missing; shards and index of an earlier run are removed first
    ///   - onEvent: called between batches; what it throws stops the packing
    /// - Throws: `ShardsError`, `FilesError` for unreadable or unwritable files, `TextError`
    @discardableResult
    public func run(into folder: URL, onEvent: (PackingEvent) throws -> Void = { _ in }) throws -> ShardIndex
    {
        try check()
        try AtomicOutput.makeFolder(folder)
        try Self.removeOutputs(in: folder)
        var run = try PackingRun(self, folder: folder)
        try run.readConversations(onEvent)
        let pixels = try run.prepareImages(onEvent)
        return try run.writeShards(pixels, onEvent)
    }

    private static func removeOutputs(in folder: URL) throws {
        let suffix = ".safetensors.zst"
        // The index goes first: without it a folder is no data set, whatever shards are left.
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where name == ShardFormat.indexFile || name == ShardFormat.skippedFile || name.hasSuffix(suffix) {
            let path = folder.appendingPathComponent(name).path
            guard unlink(path) == 0 else {
                throw FilesError.system(path: path, operation: "remove", code: errno)
            }
        }
    }
}
