import Files
import Foundation

/// The weight files of a folder: `model.safetensors`, or shards with `model.safetensors.index.json`.
struct CheckpointFiles {
    private let folder, single, index: URL

    init(_ folder: URL) {
        self.folder = folder
        single = folder.appendingPathComponent(Self.singleName)
        index = folder.appendingPathComponent(Self.indexName)
    }

    static let singleName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"

    /// Opens the files. Where both kinds are there the one file counts, as in transformers.
    ///
    /// - Returns: the files, and what a user should know about them
    func read() throws -> (files: [SafeTensorsFile], notices: [String]) {
        let manager = FileManager.default
        let hasSingle = manager.fileExists(atPath: single.path)
        guard manager.fileExists(atPath: index.path) else {
            guard hasSingle else {
                let other =
                    (try? manager.contentsOfDirectory(atPath: folder.path))?.contains {
                        $0.hasPrefix("pytorch_model")
                    } ?? false
                let remedy = other ? "convert its pytorch_model*.bin to safetensors" : "check the path"
                throw ModelsError.noWeights(
                    folder: folder.path,
                    problem: "has neither \(Self.singleName) nor \(Self.indexName); \(remedy)")
            }
            return ([try SafeTensorsFile(single)], [])
        }
        guard hasSingle else { return (try shards(), []) }
        let file = try SafeTensorsFile(single)
        // An index of another save may name shards that are gone.
        let shards = try? shards()
        if let shards, shards.contains(where: { $0.path == single.path }) { return (shards, []) }
        if let shards, try Self.hold(shards, the: file) { return ([file], []) }
        return (
            [file],
            [
                "\(folder.path): \(Self.singleName) is read, and \(Self.indexName) beside it says otherwise; "
                    + "remove the one that is not this model's"
            ]
        )
    }

    private func shards() throws -> [SafeTensorsFile] {
        var wanted: [String: [String]] = [:]  // names by file
        for (name, field) in try JSONField(index)["weight_map"].members() {
            guard case .string(let file)? = field.value, !file.contains("/"), file.hasSuffix(".safetensors")
            else {
                throw field.bad(expected: "the name of a .safetensors file beside the index")
            }
            wanted[file, default: []].append(name)
        }
        return try wanted.keys.sorted().map { name in
            let file = try SafeTensorsFile(folder.appendingPathComponent(name))
            for tensor in (wanted[name] ?? []).sorted() { _ = try file.entry(tensor) }
            return file
        }
    }

    /// Whether shards hold the tensors of a file and no others.
    private static func hold(_ shards: [SafeTensorsFile], the file: SafeTensorsFile) throws -> Bool {
        let parts = shards.flatMap { shard in shard.entries.map { (shard, $0) } }
        return try parts.count == file.entries.count
            && parts.allSatisfy { shard, entry in
                try file.contains(entry.name)
                    && shard.equals(entry, in: file, file.entry(entry.name))
            }
    }

    /// Removes weights of an earlier save, which a reader would take for this one's.
    ///
    /// - Parameter names: the files of this save
    static func removeOthers(than names: Set<String>, in folder: URL) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
        where !names.contains(name) && (name == indexName || name.wholeMatch(of: weightFile) != nil) {
            let path = folder.appendingPathComponent(name).path
            guard unlink(path) == 0 else {
                throw FilesError.system(path: path, operation: "remove the weights before", code: errno)
            }
        }
    }

    private static var weightFile: Regex<Substring> { /model(?:-[0-9]{5}-of-[0-9]{5})?\.safetensors/ }
}
