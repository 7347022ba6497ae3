import Files
import Foundation
import Processors

/// The embedded data set: training conversations and images, held-out captions, two sets of benchmarks and a
/// tokenizer, all drawn from one seed.
public struct EmbeddedWorld: Sendable {
    public let settings: WorldSettings
    public let sets: TrainingSets

    /// Progress of writing a world.
    public enum Event: Sendable {
        /// `done` of `total` images have been added to the archive.
        case images(done: Int, total: Int)
        /// A file or folder is complete; its name is relative to the world's folder.
        case wrote(String)
    }

    /// Draws the scenes and conversations in memory; `write` puts them on disk.
    ///
    /// - Throws: `SettingProblem` for a setting out of range
    public init(_ settings: WorldSettings) throws {
        try settings.check()
        self.settings = settings
        sets = try TrainingSets(settings)
    }

    /// Writes everything below `folder`, which must exist.
    ///
    /// - Parameters:
    ///   - threads: how many draw pictures; the bytes do not depend on it
    ///   - report: called between parts and a few times a second; may throw to stop (the folder is then not
    ///     whole)
    /// - Returns: counts by name, in a fixed order
    @discardableResult
    public func write(
        to folder: URL, threads: Int = AllowedProcessors.count,
        report: (Event) throws -> Void = { _ in }
    ) throws -> [(name: String, count: Int)] {
        var counts: [(name: String, count: Int)] = []
        let conversations = [
            ("captions", sets.captions), ("mixed", sets.mixed), ("student", sets.student),
            ("heldout", sets.heldout),
        ]
        for (name, samples) in conversations {
            try AtomicOutput.writeAtomically(
                TrainingSets.json(samples), to: folder.appendingPathComponent("\(name).json"))
            counts.append((name, samples.count))
            try report(.wrote("\(name).json"))
        }
        // Folders are replaced whole: files of an earlier, larger world must not stay.
        let tokenizer = try WorldTokenizer(settings, sets: sets).files
        try AtomicOutput.folder(at: folder.appendingPathComponent("tokenizer"), replacing: true) { part in
            for (file, bytes) in tokenizer {
                try AtomicOutput.writeAtomically(bytes, to: part.appendingPathComponent(file))
            }
        }
        try report(.wrote("tokenizer"))
        try writeImages(to: folder.appendingPathComponent("images.tar"), threads: threads, report: report)
        counts.append(("images", sets.images.count))
        try report(.wrote("images.tar"))
        for (split, name) in [(Split.test, "benchmarks"), (.validation, "validation")] {
            let suite = try BenchmarkSuite(settings, split: split)
            try AtomicOutput.folder(at: folder.appendingPathComponent(name), replacing: true) { part in
                for (family, content) in suite.folders {
                    for (file, bytes) in content.files {
                        try AtomicOutput.writeAtomically(
                            bytes, to: part.appendingPathComponent("\(family.rawValue)/\(file)"))
                    }
                }
            }
            counts += suite.folders.map { ("\(name)/\($0.family.rawValue)", $0.files.questions) }
            try report(.wrote(name))
        }
        return counts
    }

    /// Draws and encodes images on several threads, a slice of the archive at a time. Members have the order
    /// of `sets.images`.
    private func writeImages(to url: URL, threads: Int, report: (Event) throws -> Void) throws {
        let archive = try TarWriter(url)
        let images = sets.images
        let sliceCount = 256
        for start in stride(from: 0, to: images.count, by: sliceCount) {
            let end = min(start + sliceCount, images.count)
            let slice = Array(images[start..<end])
            let encoded = try parallelMap(slice, threads: threads) { try $0.bytes() }
            for (image, bytes) in zip(slice, encoded) { try archive.add(image.name, bytes) }
            try report(.images(done: end, total: images.count))
        }
        try archive.commit()
    }
}
