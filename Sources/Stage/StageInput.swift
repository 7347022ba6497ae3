import Files
import Foundation
import Records

/// Something a stage reads, with the digest that stands for its contents.
public struct StageInput: Sendable {
    public let name: String
    public let path: String
    public let digest: String
    /// Files that a receipt vouches for, with the digests that it claims.
    private var claims: [(file: URL, sha256: String, stage: String)] = []

    /// Digests a file or folder: of a folder with a receipt the receipt's output digest, of another folder
    /// its files' names and contents, of a file its contents.
    ///
    /// - Parameters:
    ///   - name: the option it came from, `shards`
    ///   - digest: the digest, where the caller knows it or a cheaper one that is as good
    ///   - isHeldElsewhere: which files of a folder with a receipt are held to a digest where they are read,
    ///     as shards are to that of their index
    /// - Throws: `FilesError.missing`, `.corrupt` for a folder whose receipt was altered
    public init(
        _ name: String, _ url: URL, digest: String? = nil,
        isHeldElsewhere: (_ path: String) -> Bool = { _ in false }
    ) throws {
        self.name = name
        path = url.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw FilesError.missing(path: url.path)
        }
        let receipt = isFolder.boolValue ? try Receipt.read(in: url) : nil
        if let digest {
            self.digest = digest
        } else if !isFolder.boolValue {
            self.digest = try Digest.sha256(ofFile: url)
            try holdToReceiptBeside(url)
        } else {
            self.digest = try receipt?.outputDigest ?? Digest.sha256(ofFolder: url)
        }
        guard let receipt else { return }
        claims = receipt.outputs.filter { !$0.isVolatile && !isHeldElsewhere($0.path) }.map {
            (url.appendingPathComponent($0.path), $0.sha256, receipt.stage)
        }
    }

    /// A file of a finished folder that is given by itself is held to the folder's receipt.
    private func holdToReceiptBeside(_ url: URL) throws {
        var (folder, name) = (url.deletingLastPathComponent(), url.lastPathComponent)
        for _ in 0..<4 {
            if let receipt = try Receipt.read(in: folder) {
                guard let output = receipt.outputs.first(where: { $0.path == name }) else { return }
                return try Self.hold(url, digest, to: output.sha256, of: receipt.stage)
            }
            name = "\(folder.lastPathComponent)/\(name)"
            folder.deleteLastPathComponent()
        }
    }

    /// Reads every file that a receipt vouches for and compares.
    ///
    /// - Throws: `FilesError.corrupt` naming the first that is not what its stage wrote
    public func verify() throws {
        for claim in claims {
            try Self.hold(claim.file, Digest.sha256(ofFile: claim.file), to: claim.sha256, of: claim.stage)
        }
    }

    private static func hold(_ file: URL, _ found: String, to expected: String, of stage: String) throws {
        guard found != expected else { return }
        throw FilesError.corrupt(
            path: file.path, offset: nil,
            problem:
                "its digest is \(found.prefix(12)), the receipt beside it says \(expected.prefix(12)): it "
                + "was changed or damaged after \(stage) wrote it; run \(stage) again, or delete the receipt "
                + "if the change is meant")
    }
}
