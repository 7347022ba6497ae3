import Distillation
import Files
import Foundation
import Shards

/// The store of teacher outputs: entries named by a digest of everything they depend on, so that any run on
/// any machine that asks for the same thing finds it, and a changed input can never be served a stale answer.
public struct Store: Sendable {
    /// Folder of the store.
    public let folder: URL

    private let digests: FileDigests

    /// - Parameter digests: how the weights of a teacher are digested
    public init(_ folder: URL, digests: FileDigests = FileDigests()) {
        (self.folder, self.digests) = (folder, digests)
    }

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
            \(settings.keyLines)
            """)
    }

    /// `entries/<first two digits>/<key>.safetensors.zst`
    public func path(_ key: String) -> URL {
        folder.appendingPathComponent("entries/\(key.prefix(2))/\(key).safetensors.zst")
    }

    /// Condition of an entry, from a look at its end; its content is not read.
    public enum State: Sendable {
        case absent
        case whole(Seal, bytes: Int)
        case damaged(problem: String)
    }

    /// Condition of an entry, from a look at its end.
    ///
    /// - Throws: `FilesError.system` where the system does not let it be read: that is no damage
    public func state(_ key: String) throws -> State { try Self.state(of: path(key), key: key) }

    static func state(of path: URL, key: String?) throws -> State {
        do {
            let file = try FileParts(path)
            let size = try file.size()
            return .whole(try Seal(file, size: size, key: key), bytes: size)
        } catch FilesError.missing {
            return .absent
        } catch FilesError.system(_, _, EISDIR) {
            return .damaged(problem: "it is a folder")
        } catch let error as FilesError where error.isOfSystem {
            throw error
        } catch { return .damaged(problem: "\(error)") }
    }

    /// The entry, whole and checked, every byte of it; nil when there is none. A damaged one is moved to
    /// `damaged/`, so that it is computed again by the next cache-teacher.
    ///
    /// - Throws: `StoreError.damagedEntry`; `FilesError.system` where it cannot be read
    public func entry(_ key: String) throws -> CachedShard? {
        do { return try check(key)?.shard } catch let problem as Seal.Problem {
            setAside(key)
            throw StoreError.damagedEntry(path: path(key).path, problem: problem.description)
        }
    }

    /// Reads all of an entry; nil when there is none.
    ///
    /// - Throws: `Seal.Problem`; `FilesError.system` where it cannot be read
    func check(_ key: String) throws -> (shard: CachedShard, seal: Seal)? {
        let path = path(key)
        switch try state(key) {
        case .absent: return nil
        case .damaged(let problem): throw Seal.Problem(problem)
        case .whole(let seal, _):
            let content = try FileParts(path).bytes(0..<seal.contentBytes)
            guard content.count == seal.contentBytes else { throw Seal.Problem("it ends before its seal") }
            guard Digest.sha256(content) == seal.contentSHA256 else {
                throw Seal.Problem("its SHA-256 is not that of its seal")
            }
            // The digest vouches for the bytes; what follows guards against a writer that is wrong.
            do {
                let file = try SafeTensorsFile(bytes: content, name: path.path)
                guard file.metadata["key"] == key else {
                    throw Seal.Problem("it holds the outputs of another key")
                }
                return (try CachedShard(file), seal)
            } catch let problem as Seal.Problem { throw problem } catch {
                throw Seal.Problem("\(error)")
            }
        }
    }

    /// Writes an entry, whole or not at all.
    public func write(_ shard: CachedShard, key: String, origin: Seal.Origin? = nil) throws {
        let content = try shard.writer(metadata: ["key": key]).serialized(compression: .zstandard(level: 3))
        let file = try AtomicFile(path(key))
        try file.write(content)
        try file.write(try Seal(shard, key: key, origin: origin, content: content).bytes())
        try file.commit()
    }

    /// The line of an index for an entry; nil when there is none, or it must be made again.
    ///
    /// - Throws: as `state`
    public func summary(_ key: String, shard: String) throws -> StoreIndex.Entry? {
        guard case .whole(let seal, let bytes) = try state(key) else { return nil }
        return StoreIndex.Entry(
            shard: shard, key: key, bytes: bytes, positions: seal.positions, stateBytes: seal.stateBytes,
            meanTailMass: seal.meanTailMass, worstTailMass: seal.worstTailMass)
    }

    /// Moves a damaged entry out of the way. A store that cannot be written keeps it; whoever reads it is
    /// told again.
    package func setAside(_ key: String) {
        let target = damagedFolder.appendingPathComponent(
            "\(key)-\(UUID().uuidString.prefix(8)).safetensors.zst")
        try? AtomicOutput.makeFolder(damagedFolder)
        rename(path(key).path, target.path)
    }

    var damagedFolder: URL { folder.appendingPathComponent("damaged") }

    // MARK: Relevance

    private func relevancePath(_ key: String) -> URL {
        folder.appendingPathComponent("relevance/\(key).json")
    }

    /// An earlier measurement of the same relevance; nil where there is none, or a damaged one, which is then
    /// measured again.
    public func relevance(_ key: String) -> InstructionRelevance? {
        guard
            let lines = try? String(contentsOf: relevancePath(key), encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false),
            lines.count == 3, lines[2].isEmpty, Digest.sha256("\(key)\n\(lines[0])") == String(lines[1])
        else { return nil }
        return try? JSONDecoder().decode(InstructionRelevance.self, from: Data(lines[0].utf8))
    }

    /// One line of JSON and a line with the digest of key and JSON.
    public func write(_ relevance: InstructionRelevance, key: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = String(decoding: try encoder.encode(relevance), as: UTF8.self)
        try AtomicOutput.writeAtomically(
            "\(json)\n\(Digest.sha256("\(key)\n\(json)"))\n", to: relevancePath(key))
    }

    /// Digest of a model folder's weights and configuration: the teacher's part of a key. How pictures are
    /// prepared belongs to it, in whichever of the two files says so; where both do, they say the same.
    ///
    /// - Throws: `FilesError` where a file cannot be read
    public func digest(ofModel model: URL) throws -> String {
        let names = try FolderListing.files(below: model).filter { !$0.contains("/") }
        let pictures =
            names.contains("preprocessor_config.json") ? "preprocessor_config.json" : "processor_config.json"
        let files = names.filter { $0.hasSuffix(".safetensors") || $0 == "config.json" || $0 == pictures }
        return Digest.sha256(
            ofFiles: try files.map {
                (name: $0, digest: try digests.digest(of: model.appendingPathComponent($0)))
            })
    }
}
