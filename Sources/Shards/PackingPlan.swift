import Files
import Foundation

/// What a packing will take: counted from the conversations, and measured on a few of their pictures.
public struct PackingPlan: Sendable, Equatable {
    /// Records that were read, samples that will be packed, and those that will be skipped as far as their
    /// texts say.
    public var records = 0, samples = 0, skipped = 0
    /// Tokens of the samples, visual ones included, and those that are supervised.
    public var tokens = 0, supervisedTokens = 0
    /// Distinct pictures to prepare, and how often a shard has one: a picture is in each shard that uses it.
    public var pictures = 0, storedPictures = 0
    public var shards = 0
    /// Bytes of the shards before zstd and after it.
    public var rawBytes = 0, compressedBytes = 0
    /// Bytes of tokens and of prepared pictures that wait on disk until they are written.
    public var waitingBytes = 0
    /// Bytes of the shards that are in memory at once while they are written.
    public var shardBytes = 0
    /// Pictures that were prepared to measure it.
    public var measured = 0
    /// Seconds of reading the conversations, of finding the pictures, of preparing them, and of writing.
    public var readingSeconds = 0.0, findingSeconds = 0.0, preparingSeconds = 0.0, writingSeconds = 0.0

    public init() {}

    /// Bytes on disk at most.
    public var diskBytes: Int { compressedBytes + waitingBytes }

    /// Seconds on this machine.
    public var seconds: Double { seconds(processes: 1) }

    /// Seconds on so many machines like this one, without what the network takes: pictures are prepared by
    /// all of them, and the rest is done by each or by the first.
    public func seconds(processes: Int) -> Double {
        readingSeconds + findingSeconds + preparingSeconds / Double(processes) + writingSeconds
    }
}

extension Packing {
    /// Reads all conversations and prepares a few pictures, spread over the data, to see what a packing will
    /// take. Nothing is left behind; what would stop the packing stops it as well.
    ///
    /// - Parameters:
    ///   - pictures: to prepare at most
    ///   - folder: of temporary files, some bytes for each token and the pictures that are prepared
    /// - Throws: as `run`
    public func planned(
        pictures: Int = 256, in folder: URL = FileManager.default.temporaryDirectory,
        onEvent: (PackingEvent) throws -> Void = { _ in }
    ) throws -> PackingPlan {
        try check()
        let scratch = folder.appendingPathComponent("align-ti-plan-\(UUID().uuidString)")
        try AtomicOutput.makeFolder(scratch)
        defer { try? FileManager.default.removeItem(at: scratch) }
        var run = try PackingRun(self, folder: scratch, ranks: .alone)
        return try run.planned(pictures: pictures, onEvent)
    }
}
