import Files
import Foundation

/// The folder that `make fetch` brings a set into.
struct FetchedFolder {
    let url: URL
    let set: DataSet

    /// A file of the set.
    ///
    /// - Parameters:
    ///   - paths: where it may lie below the folder; the first that exists is taken
    ///   - archive: the file that it comes out of, where it is published in one
    ///   - remedy: how else the file is got; nil where `make fetch` brings it
    /// - Throws: `ConvertingError.missingFile`
    func file(_ paths: String..., from archive: String? = nil, remedy: String? = nil) throws -> URL {
        for path in paths {
            let file = url.appending(path: path)
            if FileManager.default.fileExists(atPath: file.path) { return file }
        }
        let fetch = "make fetch DATASET=\(set.rawValue)"
        let advice =
            switch archive {
            case nil: remedy ?? "fetch it (\(fetch)), or give the folder that holds it"
            case let name? where FileManager.default.fileExists(atPath: url.appending(path: name).path):
                "unpack \(name) there"
            case let name?: "fetch \(name) (\(fetch)) and unpack it there, or give the folder that holds it"
            }
        throw ConvertingError.missingFile(folder: url.path, file: paths[0], remedy: advice)
    }
}
