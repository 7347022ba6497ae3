import Distillation
import Files
import Foundation
import Shards

/// What a run keeps of the cache: the keys of its shards' entries, and what was measured to choose the layer.
/// `index.json`
public struct StoreIndex: Codable, Sendable {
    public static let file = "index.json"
    public static let currentVersion = 2

    public struct Entry: Codable, Sendable {
        public let shard, key: String
        /// On disk; positions with a distribution; bytes of these and the alphas before compression.
        public let bytes, positions, stateBytes: Int
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

    public let version: Int
    public let teacher: String
    /// Digest of the data set the entries belong to, and what it was packed with.
    public let shards: String
    public let description: ShardDescription?
    public let settings: TeacherOutputSettings
    /// nil where the recipe names the layer.
    public let relevance: InstructionRelevance?
    /// False while cache-teacher is at work: the keys are named, so that nobody prunes them, but not all
    /// entries are there.
    public let complete: Bool
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
            let data = try Data(contentsOf: path)
            let found = try JSONDecoder().decode(Version.self, from: data).version
            guard found == Self.currentVersion else {
                throw StoreError.badEntry(
                    path: path.path,
                    problem: "format version \(found), this program reads \(Self.currentVersion)")
            }
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError.badEntry(
                path: path.path, problem: "it is no index of teacher outputs (\(error.localizedDescription))")
        }
    }

    public func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicOutput.writeAtomically(
            [UInt8](try encoder.encode(self)), to: folder.appendingPathComponent(Self.file))
    }
}
