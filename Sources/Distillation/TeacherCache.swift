import Files
import Foundation
import Shards

/// The store of teacher outputs: entries named by a digest of everything they depend on, so that any run on any machine that asks
/// for the same thing finds it, and a changed input can never be served a stale answer.
public struct TeacherCache: Sendable {
    public let folder: URL

    public init(_ folder: URL) { self.folder = folder }

    /// Name of the entry for one shard.
    ///
    /// - Parameters:
    ///   - teacher: digest of the teacher's weights and configuration
    ///   - shard: digest of the shard's raw contents, which include tokenizer, template and image preparation
    public static func key(teacher: String, shard: String, settings: TeacherOutputSettings) -> String {
        Digest.sha256(
            """
            align-ti teacher outputs \(CachedShard.formatVersion)
            teacher \(teacher)
            shard \(shard)
            top_k \(settings.topK.map(String.init) ?? "all")
            common_vocabulary \(settings.commonVocabulary)
            saliency_layer \(settings.saliencyLayer)
            """)
    }

    /// `entries/<first two digits>/<key>.safetensors.zst`
    public func path(_ key: String) -> URL {
        folder.appendingPathComponent("entries/\(key.prefix(2))/\(key).safetensors.zst")
    }

    /// The entry, whole and checked; nil when there is none.
    ///
    /// - Throws: `DistillationError.badEntry`, `FilesError` for a damaged one
    public func entry(_ key: String) throws -> CachedShard? {
        let path = path(key)
        guard FileManager.default.fileExists(atPath: path.path) else { return nil }
        let file: SafeTensorsFile
        do { file = try SafeTensorsFile(path) } catch {
            throw DistillationError.badEntry(path: path.path, problem: "the entry is damaged (\(error))")
        }
        guard file.metadata["key"] == key else {
            throw DistillationError.badEntry(path: path.path, problem: "the entry is of another key, \(file.metadata["key"] ?? "none")")
        }
        return try CachedShard(file)
    }

    /// Writes an entry, whole or not at all.
    public func write(_ shard: CachedShard, key: String) throws {
        let tail = shard.tailMass
        try shard.writer(metadata: [
            "key": key, "positions": "\(tail.positions)", "mean_tail_mass": "\(tail.mean)", "worst_tail_mass": "\(tail.worst)",
        ]).write(to: path(key), compression: .zstandard(level: 3))
    }

    /// What an index says of an entry; nil when there is none, or it is damaged and must be made again.
    public func summary(_ key: String, shard: String) -> TeacherCacheIndex.Entry? {
        let path = path(key)
        guard let size = try? path.resourceValues(forKeys: [.fileSizeKey]).fileSize, let file = try? SafeTensorsFile(path),
            file.metadata["key"] == key, let positions = file.metadata["positions"].flatMap({ Int($0) }),
            let mean = file.metadata["mean_tail_mass"].flatMap({ Double($0) }),
            let worst = file.metadata["worst_tail_mass"].flatMap({ Double($0) })
        else { return nil }
        return TeacherCacheIndex.Entry(
            shard: shard, key: key, bytes: size, positions: positions, meanTailMass: mean, worstTailMass: worst)
    }

    private func relevancePath(_ key: String) -> URL { folder.appendingPathComponent("relevance/\(key).json") }

    /// An earlier measurement of the same relevance, or nil.
    public func relevance(_ key: String) throws -> TeacherCacheIndex.Relevance? {
        guard let data = try? Data(contentsOf: relevancePath(key)) else { return nil }
        do { return try JSONDecoder().decode(TeacherCacheIndex.Relevance.self, from: data) } catch {
            throw DistillationError.badEntry(path: relevancePath(key).path, problem: "it is no measured relevance")
        }
    }

    public func write(_ relevance: TeacherCacheIndex.Relevance, key: String) throws {
        try AtomicOutput.writeAtomically([UInt8](try JSONEncoder().encode(relevance)), to: relevancePath(key))
    }

    /// Digest of a model folder's weights and configuration: the teacher's part of a key.
    ///
    /// - Throws: `FilesError` where a file cannot be read
    public static func digest(ofModel folder: URL) throws -> String {
        let files = try FolderListing.files(below: folder).filter {
            !$0.contains("/") && ($0.hasSuffix(".safetensors") || $0 == "config.json" || $0 == "preprocessor_config.json")
        }
        return Digest.sha256(ofFiles: try files.map { (name: $0, digest: try Digest.sha256(ofFile: folder.appendingPathComponent($0))) })
    }
}
