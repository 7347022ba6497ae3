import Files
import Foundation
import Shards

/// The files of the pictures that conversations name, by name.
///
/// Those of a folder are read when they are asked for. An archive is gone through once, and what is wanted of
/// it waits as it is in a file without a name.
final class PictureFiles {
    private enum Place {
        case file(URL)
        case spooled(offset: Int, bytes: Int)
        case absent(DrawnAnswers.BadSample)
    }

    private let source: URL?
    private let spool: Spool?
    private var places: [ExactKey: Place] = [:]

    /// - Parameters:
    ///   - source: a folder, .tar, .tar.gz, .tar.zst or .zip; nil where no sample has a picture
    ///   - wanted: the names, each once
    ///   - folder: where an archive's files wait
    /// - Throws: `FilesError` for an archive that is broken, or where there is no room
    init(_ source: URL?, wanted: [String], waitingIn folder: URL) throws {
        self.source = source
        var isFolder: ObjCBool = false
        let exists = source.map { FileManager.default.fileExists(atPath: $0.path, isDirectory: &isFolder) }
        guard let source, exists == true, !isFolder.boolValue, !wanted.isEmpty else {
            spool = nil
            for name in wanted { places[ExactKey(name)] = Self.place(of: name, below: source) }
            return
        }
        let spool = try Spool(in: folder)
        self.spool = spool
        var end = 0
        let absent = try Archive.visit(wanted, of: source) { number, bytes in
            try bytes.withUnsafeBytes { try spool.write($0, at: end) }
            places[ExactKey(wanted[number])] = .spooled(offset: end, bytes: bytes.count)
            end += bytes.count
        }
        for (number, reason) in absent {
            places[ExactKey(wanted[number])] = .absent(Self.problem(wanted[number], reason, in: source))
        }
    }

    private static func place(of name: String, below folder: URL?) -> Place {
        guard let folder, let path = MemberPath.normalized(name),
            case let file = folder.appendingPathComponent(path),
            FileManager.default.fileExists(atPath: file.path)
        else { return .absent(problem(name, .missing(), in: folder)) }
        return .file(file)
    }

    private static func problem(
        _ name: String, _ reason: Archive.Absence, in source: URL?
    ) -> DrawnAnswers.BadSample {
        let path = source?.path ?? "no image source"
        switch reason {
        case .missing(let near):
            let hint = near.flatMap {
                $0 == name ? nil : " (it has '\(outside: $0)'; names must be the same)"
            }
            return .init(
                kind: "missing-image", reason: "image '\(outside: name)' is not in \(path)\(hint ?? "")")
        case .link(let target):
            return .init(
                kind: "linked-image",
                reason: "\(FilesError.linkMember(archive: path, member: name, target: target))")
        }
    }

    /// Why there is no such picture; nil where there is.
    func problem(of name: String) -> DrawnAnswers.BadSample? {
        switch places[ExactKey(name)] {
        case .absent(let problem): problem
        case nil: Self.problem(name, .missing(), in: source)
        case .file, .spooled: nil
        }
    }

    /// The bytes of a picture's file; nil where `problem(of:)` says why.
    func bytes(of name: String) throws -> [UInt8]? {
        switch places[ExactKey(name)] {
        case .absent, nil: return nil
        case .file(let url): return try InputBytes.read(url, limit: .memberBytes)
        case .spooled(let offset, let count):
            var bytes = [UInt8](repeating: 0, count: count)
            try bytes.withUnsafeMutableBytes { try spool?.read(into: $0, at: offset) }
            return bytes
        }
    }
}
