import Files
import Foundation

/// What a run keeps of the cache: the keys of its shards' entries, and what was measured to choose the layer. `index.json`
public struct TeacherCacheIndex: Codable, Sendable {
    public static let file = "index.json"
    public static let currentVersion = 1

    public struct Entry: Codable, Sendable {
        public let shard, key: String
        public let bytes, positions: Int
        public let meanTailMass, worstTailMass: Double

        public init(shard: String, key: String, bytes: Int, positions: Int, meanTailMass: Double, worstTailMass: Double) {
            (self.shard, self.key, self.bytes, self.positions) = (shard, key, bytes, positions)
            (self.meanTailMass, self.worstTailMass) = (meanTailMass, worstTailMass)
        }

        private enum CodingKeys: String, CodingKey {
            case shard, key, bytes, positions
            case meanTailMass = "mean_tail_mass"
            case worstTailMass = "worst_tail_mass"
        }
    }

    /// Instruction-Relevance Score of each layer.
    public struct Relevance: Codable, Sendable {
        public let pairs: Int
        public let scores, standardErrors: [Double]

        public init(pairs: Int, scores: [Double], standardErrors: [Double]) {
            (self.pairs, self.scores, self.standardErrors) = (pairs, scores, standardErrors)
        }

        private enum CodingKeys: String, CodingKey {
            case pairs, scores
            case standardErrors = "standard_errors"
        }
    }

    public let version: Int
    public let teacher: String
    /// Digest of the data set the entries belong to.
    public let shards: String
    public let settings: TeacherOutputSettings
    /// nil where the recipe names the layer.
    public let relevance: Relevance?
    public let entries: [Entry]

    public init(teacher: String, shards: String, settings: TeacherOutputSettings, relevance: Relevance?, entries: [Entry]) {
        version = Self.currentVersion
        (self.teacher, self.shards, self.settings, self.relevance, self.entries) = (teacher, shards, settings, relevance, entries)
    }

    /// - Throws: `DistillationError` when the file is missing, of another version or no index
    public init(folder: URL) throws {
        let path = folder.appendingPathComponent(Self.file)
        struct Version: Decodable { let version: Int }
        do {
            let data = try Data(contentsOf: path)
            let found = try JSONDecoder().decode(Version.self, from: data).version
            guard found == Self.currentVersion else {
                throw DistillationError.badEntry(path: path.path, problem: "version \(found), this program reads \(Self.currentVersion)")
            }
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch let error as DistillationError {
            throw error
        } catch {
            throw DistillationError.badEntry(path: path.path, problem: "it is no index of teacher outputs (\(error.localizedDescription))")
        }
    }

    public func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicOutput.writeAtomically([UInt8](try encoder.encode(self)), to: folder.appendingPathComponent(Self.file))
    }
}
