import Files
import Foundation
import Images
import Processors
import Ranks
import Text

/// How far packing has come.
public enum PackingEvent: Sendable, Equatable {
    /// Conversations read and tokenised so far.
    case read(records: Int)
    /// Distinct pictures decoded and resized, of all that are wanted.
    case prepared(images: Int, of: Int)
    /// Pictures, of all that were prepared, that have clear parts.
    case transparent(images: Int)
    case wrote(shards: Int, of: Int)
}

/// Conversations, their pictures, and how they become shards.
public struct Packing: Sendable {
    /// LLaVA JSON or JSON Lines files, packed in this order.
    public var data: [URL]
    /// A folder, .tar, .tar.gz, .tar.zst or .zip; nil when no sample has an image.
    public var images: URL?
    /// Tokenizer of the model the shards are for.
    public var tokenizer: Tokenizer
    public var settings: PackingSettings
    /// Threads that tokenize and prepare pictures; the output does not depend on them.
    public var threads = AllowedProcessors.count

    /// - Parameters:
    ///   - template: nil for the one that the settings say, or its standard
    ///   - settings: what they leave open about pictures is as without a model (`ImageSettings.filled`)
    public init(
        data: [URL], images: URL?, tokenizer: Tokenizer, template: ConversationTemplate? = nil,
        _ settings: PackingSettings
    ) {
        (self.data, self.images, self.tokenizer, self.settings) = (data, images, tokenizer, settings)
        self.settings.image = settings.image.filled(from: nil)
        self.template =
            template
            ?? ConversationTemplate(
                settings.template ?? .vicuna, system: settings.system, endText: settings.endToken)
    }

    /// The template of the conversations.
    public let template: ConversationTemplate

    /// The preparation of the pictures.
    ///
    /// - Throws: `FilesError.badField`; not where `check` passes
    public func imageProcessor() throws -> ImageProcessor { try settings.image.imageProcessor() }

    /// The description the shards will carry.
    ///
    /// - Throws: as `imageProcessor`
    public func description() throws -> ShardDescription {
        ShardDescription(
            tokenizer: Digest.sha256(tokenizer.identityBytes), template: template.identity,
            endToken: template.endText, maximumLength: settings.maximumLength,
            visualTokens: settings.image.visualTokens, imageProcessor: try imageProcessor())
    }

    /// Checks the settings, before any data is read.
    ///
    /// - Throws: `SettingProblem`; `TextError` when the tokenizer lacks the template's markup
    public func check() throws {
        try settings.check()
        try template.check(tokenizer)
    }

    /// Whether a sample is in the part that is packed: a pure function of its picture's name, or of its id.
    func packs(_ sample: LlavaSample) -> Bool {
        guard settings.heldBack > 0 else { return true }
        let digest = Digest.sha256("align-ti held back\n\(sample.image ?? sample.id)")
        let place = Double(UInt64(digest.prefix(12), radix: 16) ?? 0) / Double(1 << 48)
        return (place < settings.heldBack) == (settings.part == .heldBack)
    }

    /// A sample's tokens, its image still one of them.
    ///
    /// - Throws: `SampleProblem` for a sample that cannot be trained on
    func tokenized(_ sample: LlavaSample) throws(SampleProblem) -> TokenizedConversation {
        let sample = try settings.caption.sample(of: sample)
        let segments = try template.segments(sample.turns, imageCount: sample.image == nil ? 0 : 1)
        let tokens = TokenizedConversation(segments, tokenizer: tokenizer)
        _ = try packed(tokens)
        return tokens
    }

    func packed(_ tokens: TokenizedConversation) throws(SampleProblem) -> PackedSample {
        let sample = try tokens.packed(
            visualTokens: settings.image.visualTokens, maximumLength: settings.maximumLength)
        guard sample.supervisedCount > 0 else { throw .nothingSupervised }
        return sample
    }

    /// Writes shards, `digests.safetensors`, `index.json` and, when samples were skipped, `skipped.jsonl`.
    ///
    /// Two passes, so that neither the order of an archive's members nor its size matters: the first
    /// tokenises all conversations and collects the wanted pictures, the second streams the image source once
    /// and prepares them; then shards are written in the order of the samples. In between, tokens and
    /// prepared pixels wait in unnamed files in `folder`.
    ///
    /// - Parameters:
    ///   - folder: made if missing; shards and index of an earlier run are removed first
    ///   - onEvent: called between batches; what it throws stops the packing
    /// - Throws: `SettingProblem`, `ShardsError`, `TextError`, `FilesError` for files that fail
    @discardableResult
    public func run(into folder: URL, onEvent: (PackingEvent) throws -> Void = { _ in }) throws -> ShardIndex
    {
        var run = try begin(in: folder, ranks: .alone)
        return try run.writeShards(run.prepare(onEvent), onEvent)
    }

    /// The same by several processes: all read conversations and images and prepare some of the pictures, the
    /// first one writes.
    ///
    /// - Returns: nil in all processes but the first
    public func run(into folder: URL, sharedBy ranks: Ranks, onEvent: (PackingEvent) throws -> Void) throws
        -> ShardIndex?
    {
        var run = try begin(in: folder, ranks: ranks)
        let pixels = try run.prepare(onEvent)
        return ranks.isFirst ? try run.writeShards(pixels, onEvent) : nil
    }

    private func begin(in folder: URL, ranks: Ranks) throws -> PackingRun {
        try check()
        if ranks.isFirst {
            try AtomicOutput.makeFolder(folder)
            try Self.removeOutputs(in: folder)
        }
        var packing = self
        // Batches must be the same everywhere.
        packing.threads = try ranks.ofFirst(threads)
        return try PackingRun(
            packing, folder: ranks.isFirst ? folder : FileManager.default.temporaryDirectory, ranks: ranks)
    }

    private static func removeOutputs(in folder: URL) throws {
        let suffix = ".safetensors.zst"
        // The index goes first: without it a folder is no data set, whatever shards are left.
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where [ShardFormat.indexFile, ShardFormat.skippedFile, SampleDigests.file].contains(name)
            || name.hasSuffix(suffix)
        {
            let path = folder.appendingPathComponent(name).path
            guard unlink(path) == 0 else {
                throw FilesError.system(path: path, operation: "remove", code: errno)
            }
        }
    }
}
