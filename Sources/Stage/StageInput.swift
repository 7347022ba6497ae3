import Files
import Foundation
import Records

/// Something a stage reads, with the digest that stands for its contents.
public struct StageInput: Sendable {
    public let name: String
    public let path: String
    public let digest: String
    private let digests: FileDigests
    /// The receipt that vouches for it, the receipt's folder, and those of its outputs that are read here.
    private var claim: (receipt: Receipt, folder: URL, paths: Set<String>)?

    /// Digests a file or folder: of a folder with a receipt the receipt's output digest, of another folder
    /// its files' names and contents, of a file its contents.
    ///
    /// - Parameters:
    ///   - name: the option it came from, `shards`
    ///   - digest: the digest, where the caller knows it or a cheaper one that is as good
    ///   - digests: how files are digested
    ///   - isHeldElsewhere: which files of a folder with a receipt are held to a digest where they are read,
    ///     as shards are to that of their index
    /// - Throws: `FilesError.missing`, `.corrupt` for a folder whose receipt was altered
    public init(
        _ name: String, _ url: URL, digest: String? = nil, digests: FileDigests = FileDigests(),
        isHeldElsewhere: (_ path: String) -> Bool = { _ in false }
    ) throws {
        (self.name, path, self.digests) = (name, url.path, digests)
        var status = stat()
        guard stat(url.path, &status) == 0 else { throw FilesError.current(url.path, "open it") }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        let own = isFolder ? try Receipt.read(in: url) : nil
        claim =
            own.map { receipt in
                let read = receipt.outputs.filter { !$0.isVolatile && !isHeldElsewhere($0.path) }
                return (receipt, url, Set(read.map(\.path)))
            }
        if claim == nil { claim = try Self.claimAbove(url) }
        self.digest =
            try digest ?? own?.outputDigest
            ?? (isFolder ? digests.digest(ofFolder: url) : digests.digest(of: url))
    }

    /// The claim of a finished folder on a file or folder in it that is given by itself.
    private static func claimAbove(_ url: URL) throws -> (Receipt, URL, Set<String>)? {
        var (folder, name) = (url.deletingLastPathComponent(), url.lastPathComponent)
        for _ in 0..<4 where folder.path != "/" {
            if let receipt = try Receipt.read(in: folder) {
                let read = receipt.outputs.map(\.path).filter { $0 == name || $0.hasPrefix("\(name)/") }
                return (receipt, folder, Set(read))
            }
            name = "\(folder.lastPathComponent)/\(name)"
            folder.deleteLastPathComponent()
        }
        return nil
    }

    /// Holds every file that a receipt vouches for to the digest that it claims.
    ///
    /// - Throws: `FilesError.corrupt` naming the first that is not what its stage wrote
    public func verify() throws {
        guard let claim else { return }
        try claim.receipt.hold(in: claim.folder, digests) { claim.paths.contains($0.path) }
    }
}
