import Files
import Foundation
import Records

/// Something a stage reads, with the digest that stands for its contents.
public struct StageInput: Sendable {
    public let name: String
    public let path: String
    public let digest: String
    private let digests: FileDigests
    /// Weights by path, and what the file system said of them when they were digested: they stay mapped while
    /// a stage computes with them.
    private let weights: [String: String?]
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
        // A model's are at the top of its folder; a folder of pictures is not walked through for them.
        let names = isFolder ? (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [] : []
        let files = isFolder ? names.map(url.appendingPathComponent) : [url]
        weights = Dictionary(
            files.filter { $0.pathExtension == "safetensors" }.map { ($0.path, FileDigests.state(of: $0)) },
            uniquingKeysWith: { first, _ in first })
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

    /// Checks that weights are what they were when they were digested.
    ///
    /// - Throws: `StageError.inputChanged`
    func requireUnchanged() throws {
        guard
            let path = weights.sorted(by: { $0.key < $1.key }).first(where: { path, state in
                FileDigests.state(of: URL(fileURLWithPath: path)) != state
            })?.key
        else { return }
        // Other times alone are no other weights.
        do {
            let url = URL(fileURLWithPath: self.path)
            guard claim == nil else { return try verify() }
            if try (self.path == path ? digests.digest(of: url) : digests.digest(ofFolder: url)) == digest {
                return
            }
        } catch {}
        throw StageError.inputChanged(path: path)
    }
}
