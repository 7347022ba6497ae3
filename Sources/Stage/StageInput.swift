import Files
import Foundation
import Records

/// Something a stage reads, with the digest that stands for its contents.
public struct StageInput: Sendable {
    public let name: String
    public let path: String
    public let digest: String

    /// Digests a file or folder: of a folder with a receipt the receipt's output digest, of another folder
    /// its files' names and contents, of a file its contents.
    ///
    /// - Parameters:
    ///   - name: the option it came from, `shards`
    ///   - digest: the digest, where the caller knows it or a cheaper one that is as good
    /// - Throws: `FilesError.missing`, `.corrupt` for a folder whose receipt was altered
    public init(_ name: String, _ url: URL, digest: String? = nil) throws {
        self.name = name
        path = url.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw FilesError.missing(path: url.path)
        }
        if let digest {
            self.digest = digest
        } else if !isFolder.boolValue {
            self.digest = try Digest.sha256(ofFile: url)
        } else if let receipt = try Receipt.read(in: url) {
            self.digest = receipt.outputDigest
        } else {
            self.digest = try Digest.sha256(ofFolder: url)
        }
    }
}
