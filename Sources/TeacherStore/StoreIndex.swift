import Distillation
import Files
import Foundation
import Shards

/// Part of the store that a run uses: the keys of its shards' entries, and what was measured to choose the
/// layer. `index.json`
public struct StoreIndex: Codable, Sendable {
    /// Name of the file in a run's folder.
    public static let file = "index.json"
    /// Version of the format.
    public static let currentVersion = 2

    /// Entry of one shard.
    public struct Entry: Codable, Sendable {
        /// File name of the shard, and key of its entry.
        public let shard, key: String
        /// Bytes on disk; positions with a distribution; bytes of these and the alphas before compression.
        public let bytes, positions, stateBytes: Int
        /// Probability that the kept ids leave to the others, in the mean and at worst.
        public let meanTailMass, worstTailMass: Double

        public init(
            shard: String, key: String, bytes: Int = 0, positions: Int = 0, stateBytes: Int = 0,
            meanTailMass: Double = 0,
            worstTailMass: Double = 0
        ) {
            (self.shard, self.key, self.bytes, self.positions, self.stateBytes) = (
                shard, key, bytes, positions, stateBytes
            )
            (self.meanTailMass, self.worstTailMass) = (meanTailMass, worstTailMass)
        }

        private enum CodingKeys: String, CodingKey {
            case shard, key, bytes, positions
            case stateBytes = "state_bytes"
            case meanTailMass = "mean_tail_mass"
            case worstTailMass = "worst_tail_mass"
        }
    }

    /// Version of the file's format.
    public let version: Int
    /// Digest of the teacher.
    public let teacher: String
    /// Digest of the data set that the entries belong to.
    public let shards: String
    /// Settings that the data set was packed with.
    public let description: ShardDescription?
    /// Settings of the outputs.
    public let settings: TeacherOutputSettings
    /// Relevance of the layers; nil where the recipe names the layer.
    public let relevance: InstructionRelevance?
    /// Whether all entries are there. While cache-teacher is at work the keys are named, so that nobody
    /// prunes them, but not all entries are there.
    public let complete: Bool
    /// Entries, in the order of the shards.
    public let entries: [Entry]

    public init(
        teacher: String, shards: String, description: ShardDescription? = nil,
        settings: TeacherOutputSettings, relevance: InstructionRelevance?,
        complete: Bool = true, entries: [Entry]
    ) {
        version = Self.currentVersion
        (self.teacher, self.shards, self.description, self.settings) = (
            teacher, shards, description, settings
        )
        (self.relevance, self.complete, self.entries) = (relevance, complete, entries)
    }

    /// - Throws: `StoreError` when the file is missing, of another version or no index
    public init(folder: URL) throws {
        let path = folder.appendingPathComponent(Self.file)
        struct Version: Decodable { let version: Int }
        do {
            let data = Data(try InputBytes.read(path))
            let found = try JSONDecoder().decode(Version.self, from: data).version
            guard found == Self.currentVersion else {
                throw StoreError.badEntry(
                    path: path.path,
                    problem: "format version \(found), this program reads \(Self.currentVersion)")
            }
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch let error as StoreError {
            throw error
        } catch let error as DecodingError {
            throw StoreError.badEntry(
                path: path.path, problem: "it is no index of teacher outputs (\(error.place))")
        } catch let error as FilesError {
            guard case .missing = error else { throw error }
            throw StoreError.badEntry(path: path.path, problem: "there is no such index of teacher outputs")
        }
    }

    /// Writes the file, whole or not at all.
    public func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicOutput.writeAtomically(
            [UInt8](try encoder.encode(self)), to: folder.appendingPathComponent(Self.file))
    }
}
