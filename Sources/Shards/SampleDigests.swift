import Files
import Foundation
import Text

/// `digests.safetensors` beside the shards: of each sample what its conversation and its picture are, in 8
/// bytes each, so that samples are compared over data sets without reading the shards.
///
/// A conversation's digest is that of its tokens before it is cut, a picture's that of the bytes of its file:
/// names, ids and places do not count.
public struct SampleDigests: Sendable, Equatable {
    /// Name of the file.
    public static let file = "digests.safetensors"
    private static let format = ["format": "align-ti-digests", "format_version": "1"]

    /// `[samples]`
    public let conversations: [Int]
    /// `[samples]`; 0 for a sample without a picture.
    public let pictures: [Int]

    /// - Returns: nil where the data set was packed before digests were kept
    /// - Throws: `ShardsError.notADataset` where they are not those of so many samples, `FilesError`
    public init?(folder: URL, samples: Int) throws {
        let url = folder.appendingPathComponent(Self.file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try SafeTensorsFile(url)
        guard file.metadata["format"] == Self.format["format"],
            file.metadata["format_version"] == Self.format["format_version"]
        else {
            throw ShardsError.unknownVersion(
                path: url.path,
                found: "'\(file.metadata["format"] ?? "")' \(file.metadata["format_version"] ?? "")",
                expected: "'\(Self.format["format"] ?? "")' 1")
        }
        (conversations, pictures) = (try file.integers("conversations"), try file.integers("pictures"))
        guard conversations.count == samples, pictures.count == samples else {
            throw ShardsError.notADataset(
                path: url.path,
                problem: "it has \(conversations.count) conversations and \(pictures.count) pictures for "
                    + "\(samples) samples")
        }
    }

    /// The digest of a picture with these bytes in its file; never 0.
    package static func picture(_ bytes: [UInt8]) -> Int {
        let digest = Int(short(Digest.sha256(bytes)))
        return digest == 0 ? 1 : digest
    }

    static func conversation(_ tokens: TokenizedConversation) -> Int64 {
        short(tokens.ids.withUnsafeBytes { Digest.sha256($0) })
    }

    private static func short(_ digest: String) -> Int64 {
        Int64(bitPattern: UInt64(digest.prefix(16), radix: 16) ?? 0)
    }

    /// Digests of the samples of a packing, kept on disk until all are known.
    struct Spooled: Sendable {
        private let conversations, pictures: Spool

        init(in folder: URL) throws {
            (conversations, pictures) = (try Spool(in: folder), try Spool(in: folder))
        }

        /// - Parameter first: number of the first sample
        func write(conversations: [Int64], pictures: [Int64], first: Int) throws {
            try conversations.withUnsafeBytes { try self.conversations.write($0, at: 8 * first) }
            try pictures.withUnsafeBytes { try self.pictures.write($0, at: 8 * first) }
        }

        func write(into folder: URL, samples: Int) throws {
            var writer = SafeTensorsWriter(metadata: SampleDigests.format)
            for (name, spool) in [("conversations", conversations), ("pictures", pictures)] {
                writer.add(name, .int64, shape: [samples]) { sink in
                    for first in stride(from: 0, to: samples, by: 1 << 15) {
                        var block = Array(repeating: Int64(0), count: min(1 << 15, samples - first))
                        try block.withUnsafeMutableBytes { try spool.read(into: $0, at: 8 * first) }
                        try block.withUnsafeBytes { try sink.write($0) }
                    }
                }
            }
            try writer.write(to: folder.appendingPathComponent(SampleDigests.file))
        }
    }
}
