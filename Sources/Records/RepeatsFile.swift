import Files
import Foundation

/// repeats.json of train-student: what of its data stands there more than once, by source.
public struct RepeatsFile: Codable, Sendable, Equatable {
    public static let file = "repeats.json"
    private static let format = "align-ti repeats 1"

    /// One source's samples and pictures, and how many of them others have too.
    public struct Source: Codable, Sendable, Equatable {
        public var name: String
        /// Whether it is looked at and not trained on.
        public var isHeldBack: Bool
        /// Samples, and different pictures.
        public var samples, pictures: Int
        /// Samples that an earlier one of the same source equals.
        public var repeated: Int
        /// Samples, and different pictures, that at least one source that is trained on has too.
        public var sharedSamples, sharedPictures: Int
        /// The same by source that has them.
        public var samplesIn, picturesIn: [Shared]

        public init(
            name: String, isHeldBack: Bool, samples: Int, pictures: Int, repeated: Int, sharedSamples: Int,
            sharedPictures: Int, samplesIn: [Shared], picturesIn: [Shared]
        ) {
            (self.name, self.isHeldBack, self.samples, self.pictures) = (name, isHeldBack, samples, pictures)
            (self.repeated, self.sharedSamples) = (repeated, sharedSamples)
            (self.sharedPictures, self.samplesIn, self.picturesIn) = (sharedPictures, samplesIn, picturesIn)
        }

        /// Whether something of it stands elsewhere, or twice.
        public var hasRepeats: Bool { repeated + sharedSamples + sharedPictures > 0 }
    }

    /// What another source has too.
    public struct Shared: Codable, Sendable, Equatable {
        public var source: String
        public var count: Int

        public init(_ source: String, _ count: Int) { (self.source, self.count) = (source, count) }
    }

    private let format: String
    public let sources: [Source]
    /// Sources that were packed without digests and are not compared.
    public let unknown: [String]

    public init(sources: [Source], unknown: [String]) {
        (format, self.sources, self.unknown) = (Self.format, sources, unknown)
    }

    /// Totals by source, for a receipt.
    public var counts: JSONValue {
        var found = JSONObject()
        for source in sources where source.hasRepeats {
            found[source.name] = [
                "repeated": .int(source.repeated), "shared_samples": .int(source.sharedSamples),
                "shared_pictures": .int(source.sharedPictures),
            ]
        }
        return .object(found)
    }

    /// - Throws: `RecordError`, `FilesError` where the file cannot be read
    public init(_ url: URL) throws {
        self = try RecordFormat.document(Self.self, url, format: Self.format)
        for source in sources {
            let counts =
                [
                    source.samples, source.pictures, source.repeated, source.sharedSamples,
                    source.sharedPictures,
                ] + (source.samplesIn + source.picturesIn).map(\.count)
            guard let bad = counts.first(where: { !(0...(1 << 40)).contains($0) }) else { continue }
            throw RecordError.field(
                file: url.path, line: nil, field: "sources",
                problem: "has \(bad) of '\(source.name)', expected counts from 0 to \(1 << 40)")
        }
    }

    /// - Throws: `FilesError` where the file cannot be written
    public func write(into folder: URL) throws {
        try AtomicOutput.writeAtomically(
            RecordFormat.line(self) + [0x0A], to: folder.appendingPathComponent(Self.file))
    }
}
