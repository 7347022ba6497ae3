import Files
import Foundation

/// End of an entry: what it is, and a digest of every byte before it. Read without
/// decompressing the entry.
///
/// An entry is a zstd frame (the safetensors file) and a zstd *skippable* frame, which decompressors pass
/// over: magic 0x184D2A5E and length (4 bytes each, little endian), this as JSON, the JSON's SHA-256 in 64
/// hexadecimal digits, and the JSON's length (4 bytes). So every byte of the file is covered by a digest or
/// compared with the only value it may have.
public struct Seal: Codable, Sendable, Equatable {
    /// Inputs that an entry was made from.
    public struct Origin: Codable, Sendable, Equatable {
        /// Digest of the teacher, and of the shard's raw contents.
        public let teacher, shard: String
        /// Settings of the outputs.
        public let settings: TeacherOutputSettings

        public init(teacher: String, shard: String, settings: TeacherOutputSettings) {
            (self.teacher, self.shard, self.settings) = (teacher, shard, settings)
        }
    }

    /// Version of the entry's format.
    public let formatVersion: Int
    /// Key of the entry.
    public let key: String
    /// Bytes of the entry before the seal.
    public let contentBytes: Int
    /// SHA-256 of these bytes.
    public let contentSHA256: String
    /// Inputs of the entry; nil where its writer did not say.
    public let origin: Origin?
    /// Samples, and positions whose distribution is held.
    public let samples, positions: Int
    /// Bytes of distributions and alphas before compression.
    public let stateBytes: Int
    /// Probability that the kept ids leave to the others, in the mean and at worst.
    public let meanTailMass, worstTailMass: Double

    init(_ shard: CachedShard, key: String, origin: Origin?, content: [UInt8]) {
        let tail = shard.tailMass
        formatVersion = CachedShard.formatVersion
        (self.key, self.origin) = (key, origin)
        (contentBytes, contentSHA256) = (content.count, Digest.sha256(content))
        (samples, positions, stateBytes) = (shard.samples, shard.positions, shard.stateBytes)
        (meanTailMass, worstTailMass) = (tail.mean, tail.worst)
    }

    private enum CodingKeys: String, CodingKey {
        case key, origin, samples, positions
        case formatVersion = "format_version"
        case contentBytes = "content_bytes"
        case contentSHA256 = "content_sha256"
        case stateBytes = "state_bytes"
        case meanTailMass = "mean_tail_mass"
        case worstTailMass = "worst_tail_mass"
    }

    // MARK: Bytes

    private static let magic: UInt32 = 0x184D_2A5E
    private static let framing = 8 + 64 + 4
    private static let mostBytes = 1 << 20

    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = [UInt8](try encoder.encode(self))
        func number(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).littleEndian) { Array($0) } }
        return number(Int(Self.magic)) + number(json.count + 68) + json + Array(Digest.sha256(json).utf8)
            + number(json.count)
    }

    /// The seal of an open file, checked against itself and the file's size; the content is not read.
    ///
    /// - Throws: a `Problem`; `FilesError.system` where it cannot be read
    init(_ file: FileParts, size: Int, key: String?) throws {
        func read(_ range: Range<Int>) throws -> [UInt8] {
            let bytes = try file.bytes(range)
            guard bytes.count == range.count else { throw Problem("it ends within the seal") }
            return bytes
        }
        func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }
        guard size >= Self.framing else { throw Problem("it has no seal (\(size) bytes)") }
        let length = number(try read(size - 4..<size)[...])
        guard length <= Self.mostBytes, length + Self.framing <= size else {
            throw Problem("it does not end with a seal")
        }
        let start = size - length - Self.framing
        let frame = try read(start..<size)
        let json = frame[8..<8 + length]
        guard number(frame[0..<4]) == Int(Self.magic), number(frame[4..<8]) == length + 68,
            Array(frame[(8 + length)..<(72 + length)]) == Array(Digest.sha256(Array(json)).utf8)
        else { throw Problem("its seal is damaged") }
        struct Version: Decodable { let format_version: Int }
        guard let version = try? JSONDecoder().decode(Version.self, from: Data(json)).format_version else {
            throw Problem("its seal is damaged")
        }
        guard version == CachedShard.formatVersion else {
            throw Problem("format version \(version), this program reads \(CachedShard.formatVersion)")
        }
        do { self = try JSONDecoder().decode(Self.self, from: Data(json)) } catch {
            throw Problem("its seal lacks a field (\(error))")
        }
        guard [samples, positions, stateBytes].allSatisfy({ (0...1 << 50).contains($0) }),
            [meanTailMass, worstTailMass].allSatisfy({ (0...1.02).contains($0) })
        else { throw Problem("its seal has an impossible count") }
        guard contentBytes == start else {
            throw Problem("it has \(start) bytes before the seal, \(contentBytes) were written")
        }
        guard key == nil || self.key == key else {
            throw Problem("it is the entry of another key, \(self.key)")
        }
    }

    /// Reason why a file is no whole entry.
    struct Problem: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
