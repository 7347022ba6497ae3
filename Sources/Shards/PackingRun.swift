import Files
import Foundation
import Images
import Ranks
import Settings
import Text

/// The state of one packing.
struct PackingRun {
    private struct Skipped: Encodable {
        let number: Int
        let file, place, id, kind, reason: String
    }

    private struct LimitReached: Error {}

    let packing: Packing
    let imageProcessor: ImageProcessor
    private let description: ShardDescription
    let folder: URL
    var spool: SampleSpool
    private var skipped: [Skipped] = []
    var skippedCount: Int { skipped.count }
    var imageNames: [String] = []
    private var imageNumbers: [ExactKey: Int] = [:]
    var imageProblems: [Int: (kind: String, reason: String)] = [:]
    var transparentImages = 0
    /// Of each picture that was read; 0 for others.
    var pictureDigests: [Int] = []
    let background: [UInt8]?

    /// The processes that prepare pictures; the first one writes.
    let ranks: Ranks

    /// - Parameter folder: of the shards; for another process than the first, of what it needs meanwhile
    init(_ packing: Packing, folder: URL, ranks: Ranks) throws {
        (self.packing, self.ranks) = (packing, ranks)
        (imageProcessor, description) = (try packing.imageProcessor(), try packing.description())
        self.folder = folder
        background = try SettingProblem.requireColour(packing.settings.image.background, "background")
        spool = try SampleSpool(in: folder)
    }

    /// Both passes over the data; the prepared pictures, nil when no sample has one.
    mutating func prepare(_ onEvent: (PackingEvent) throws -> Void) throws -> PixelSpool? {
        try readConversations(onEvent)
        return try prepareImages(onEvent)
    }

    // MARK: first pass

    /// - Returns: the number of records
    @discardableResult
    mutating func readConversations(_ onEvent: (PackingEvent) throws -> Void) throws -> Int {
        let batchSize = 64 * packing.threads
        var batch: [(record: SampleRecord, json: [UInt8])] = []
        var count = 0
        do {
            for (file, url) in packing.data.enumerated() {
                try JSONRecords.forEach(of: url) { place, json in
                    if count == packing.settings.limit { throw LimitReached() }
                    batch.append((SampleRecord(number: count, file: Int32(file), place: place), json))
                    count += 1
                    guard batch.count == batchSize else { return }
                    try encode(batch)
                    batch.removeAll(keepingCapacity: true)
                    try onEvent(.read(records: count))
                }
            }
        } catch is LimitReached {}
        try encode(batch)
        try onEvent(.read(records: count))
        return count
    }

    private mutating func encode(_ batch: [(record: SampleRecord, json: [UInt8])]) throws {
        enum Outcome: Sendable {
            case encoded(id: String, TokenizedConversation, image: String?)
            case refused(id: String, SampleProblem)
            case malformed(any Error)
            case otherPart
        }
        let outcomes = parallelMap(batch, threads: packing.threads) { [packing] item -> Outcome in
            let record = item.record
            let sample: LlavaSample
            do {
                sample = try LlavaSample(
                    json: item.json, index: record.number,
                    place: "\(packing.data[Int(record.file)].path): \(record.place)")
            } catch { return .malformed(error) }
            guard packing.packs(sample) else { return .otherPart }
            do throws(SampleProblem) {
                return .encoded(id: sample.id, try packing.tokenized(sample), image: sample.image)
            } catch { return .refused(id: sample.id, error) }
        }
        for (item, outcome) in zip(batch, outcomes) {
            switch outcome {
            case .otherPart: break
            case .malformed(let error):
                guard packing.settings.onBadSample == .skip else { throw error }
                skip(item.record, id: "", kind: "malformed", reason: "\(error)")
            case .refused(let id, let problem):
                try refuse(item.record, id: id, kind: problem.kind, reason: "\(problem)")
            case .encoded(let id, let tokens, let image):
                if let image, packing.images == nil {
                    throw ShardsError.noImageSource(
                        file: file(of: item.record), place: "\(item.record.place)", image: image)
                }
                try spool.append(item.record, id: id, image: image.map { number(of: $0) }, tokens)
            }
        }
    }

    private func file(of record: SampleRecord) -> String { packing.data[Int(record.file)].path }

    private mutating func number(of image: String) -> Int {
        let key = ExactKey(image)
        if let known = imageNumbers[key] { return known }
        imageNumbers[key] = imageNames.count
        imageNames.append(image)
        return imageNames.count - 1
    }

    private mutating func skip(_ record: SampleRecord, id: String, kind: String, reason: String) {
        skipped.append(
            Skipped(
                number: record.number, file: file(of: record), place: "\(record.place)", id: id,
                kind: kind, reason: reason))
    }

    private mutating func refuse(_ record: SampleRecord, id: String, kind: String, reason: String) throws {
        guard packing.settings.onBadSample == .skip else {
            throw ShardsError.badSample(
                file: file(of: record), place: "\(record.place)", id: id, reason: reason)
        }
        skip(record, id: id, kind: kind, reason: reason)
    }

    mutating func refuse(_ sample: SampleSpool.Entry, kind: String, reason: String) throws {
        try refuse(sample.record, id: spool.read(sample).id, kind: kind, reason: reason)
    }

    // MARK: writing

    mutating func writeShards(_ pixels: PixelSpool?, _ onEvent: (PackingEvent) throws -> Void) throws
        -> ShardIndex
    {
        let shards = try shardCount()
        var entries: [ShardIndex.Entry] = []
        var isUsed = Array(repeating: false, count: imageNames.count)
        var latest: SampleSpool.Entry?
        let digests = try SampleDigests.Spooled(in: folder)
        while entries.count < shards {
            let group = try nextShards(after: entries.count, of: shards, &latest)
            for image in group.flatMap(\.samples).compactMap(\.image) { isUsed[image] = true }
            entries += try parallelMap(group, threads: packing.threads) { [self] shard in
                try write(shard.samples, shard.number, pixels, digests)
            }
            try onEvent(.wrote(shards: entries.count, of: shards))
        }
        let index = ShardIndex(
            name: packing.settings.name, description: description, shards: entries,
            images: isUsed.count { $0 }, skipped: skipped.count)
        try writeSkipped()
        try digests.write(into: folder, samples: entries.reduce(0) { $0 + $1.samples })
        try AtomicOutput.writeAtomically(
            index.bytes(), to: folder.appendingPathComponent(ShardFormat.indexFile))
        return index
    }

    /// Refuses the samples of pictures that cannot be used; how many shards the others make.
    mutating func shardCount() throws -> Int {
        let samples = try refuseWithoutPicture()
        guard samples > 0 else {
            let first = skipped.min { $0.number < $1.number }
            throw ShardsError.noSamples(
                files: packing.data.map(\.path), skipped: skipped.count,
                first: first.map { "\($0.place): \($0.reason)" })
        }
        return 1 + (samples - 1) / packing.settings.samplesPerShard
    }

    /// The shards that are written together, behind `done` others.
    func nextShards(after done: Int, of shards: Int, _ latest: inout SampleSpool.Entry?) throws
        -> [(number: Int, samples: [SampleSpool.Entry])]
    {
        // A shard is whole in memory while it is compressed: few at a time when they are large.
        let largest =
            packing.settings.samplesPerShard * (imageProcessor.samples + 9 * packing.settings.maximumLength)
        let atOnce = max(1, min(packing.threads, (512 << 20) / largest))
        return try (done..<min(done + atOnce, shards)).map { ($0, try nextSamples(&latest)) }
    }

    /// Refuses the samples of pictures that cannot be used; how many are left.
    private mutating func refuseWithoutPicture() throws -> Int {
        guard !imageProblems.isEmpty else { return spool.count }
        var (left, latest) = (0, SampleSpool.Entry?.none)
        while let sample = try spool.entry(after: latest) {
            latest = sample
            if let problem = sample.image.flatMap({ imageProblems[$0] }) {
                try refuse(sample, kind: problem.kind, reason: problem.reason)
            } else {
                left += 1
            }
        }
        return left
    }

    /// The samples of the next shard.
    private func nextSamples(_ latest: inout SampleSpool.Entry?) throws -> [SampleSpool.Entry] {
        var samples: [SampleSpool.Entry] = []
        while samples.count < packing.settings.samplesPerShard, let sample = try spool.entry(after: latest) {
            latest = sample
            if sample.image.flatMap({ imageProblems[$0] }) == nil { samples.append(sample) }
        }
        return samples
    }

    /// - Parameters:
    ///   - pixels: nil: a shard without its pictures
    ///   - digests: where what the samples are is noted; nil: nowhere
    func write(
        _ samples: [SampleSpool.Entry], _ number: Int, _ pixels: PixelSpool?,
        _ digests: SampleDigests.Spooled? = nil
    ) throws -> ShardIndex.Entry {
        var writer = ShardWriter(description: description)
        var conversations: [Int64] = []
        for sample in samples {
            let (id, tokens) = try spool.read(sample)
            writer.add(id: id, try packing.packed(tokens), image: pixels == nil ? nil : sample.image)
            conversations.append(SampleDigests.conversation(tokens))
        }
        try digests?.write(
            conversations: conversations,
            pictures: samples.map { $0.image.map { Int64(pictureDigests[$0]) } ?? 0 },
            first: number * packing.settings.samplesPerShard)
        return try writer.write(
            to: folder, file: ShardFormat.fileName(packing.settings.name, number), pixels: pixels,
            compressionLevel: packing.settings.compressionLevel)
    }

    private func writeSkipped() throws {
        guard !skipped.isEmpty else { return }
        var bytes: [UInt8] = []
        for entry in skipped.sorted(by: { $0.number < $1.number }) {
            bytes += try sortedJSON(entry) + Data("\n".utf8)
        }
        try AtomicOutput.writeAtomically(bytes, to: folder.appendingPathComponent(ShardFormat.skippedFile))
    }
}
