import Files
import Foundation
import Shards

/// How far a conversion has come.
public struct ConversionCounts: Sendable, Equatable {
    /// Rows of the source that were read.
    public var rows = 0
    /// Samples that were written.
    public var samples = 0
    /// Those of them with an image.
    public var withImage = 0
    /// Rows that make no sample and are listed in `skipped.jsonl`.
    public var skipped = 0
    /// Rows of other splits, or of kinds that conversations about one image cannot hold.
    public var leftOut = 0
}

/// A data set in its publisher's form, and how it becomes LLaVA conversations.
public struct Conversion {
    /// Name of the list of what was left out.
    public static let skippedFile = "skipped.jsonl"

    public let set: DataSet
    public let settings: ConvertingSettings
    private let converter: any Converter

    /// Finds every file of the set that will be read.
    ///
    /// - Parameters:
    ///   - data: the folder that `make fetch` brings the set into
    ///   - coco: the folder of `coco-2017`, for sets that name its photographs by number; nil for that beside
    ///     `data`
    /// - Throws: `SettingProblem`, `ConvertingError`
    public init(_ set: DataSet, data: URL, coco: URL? = nil, _ settings: ConvertingSettings) throws {
        try settings.check()
        if let split = settings.orderedSplits.first(where: { !set.splits.contains($0) }) {
            throw ConvertingError.noSplit(
                set: set.rawValue, split: split.rawValue, known: set.splits.map(\.rawValue))
        }
        (self.set, self.settings) = (set, settings)
        let coco =
            coco
            ?? data.standardizedFileURL.deletingLastPathComponent().appending(
                path: DataSet.cocoCaptions.rawValue)
        converter = try set.converter(
            of: FetchedFolder(url: data, set: set), coco: FetchedFolder(url: coco, set: .cocoCaptions),
            settings
        )
    }

    /// Everything that the conversion reads.
    public var files: [URL] { converter.files }

    /// Name of the file that the conversations go to.
    public var outputFile: String { "\(set.rawValue).json" }

    /// Writes `<set>.json` and, when rows were skipped, `skipped.jsonl`. Both appear whole or not at all.
    ///
    /// - Parameters:
    ///   - folder: made if missing; what an earlier conversion wrote there is removed first
    ///   - onProgress: called now and then, and at the end; what it throws stops the conversion
    /// - Throws: `ConvertingError`, `FilesError` for files that fail
    public func run(
        into folder: URL, onProgress: @escaping (ConversionCounts) throws -> Void = { _ in }
    ) throws -> ConversionCounts {
        try AtomicOutput.makeFolder(folder)
        for name in DataSet.allCases.map({ "\($0.rawValue).json" }) + [Self.skippedFile] {
            let path = folder.appending(path: name).path
            guard unlink(path) == 0 || errno == ENOENT else {
                throw FilesError.system(path: path, operation: "remove it", code: errno)
            }
        }
        var run = try ConversionRun(
            settings, samples: folder.appending(path: outputFile),
            skipped: folder.appending(path: Self.skippedFile), onProgress)
        do { try converter.convert(into: &run) } catch is ConversionRun.LimitReached {}
        guard run.counts.samples > 0 else {
            throw ConvertingError.noSamples(
                files: files.map(\.path), rows: run.counts.rows, skipped: run.counts.skipped,
                leftOut: run.counts.leftOut)
        }
        try run.finish()
        try onProgress(run.counts)
        return run.counts
    }
}
