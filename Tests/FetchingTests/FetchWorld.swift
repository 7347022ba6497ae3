import Fetching
import Files
import Foundation
import Records

/// A folder to fetch into, and a manifest of files that a server has.
struct FetchWorld {
    let folder: URL
    let server: HostileServer

    /// What a manifest says of a file.
    struct File {
        var path: String
        /// Bytes whose size and digest the manifest knows.
        var known: [UInt8]?
        var knowsSize = true
        var knowsDigest = true
        var mostBytes: Int?
        var isOptional = false
        /// Nil: by hand.
        var url: String?
    }

    /// A file of the server's, by whose size and digest the manifest knows it.
    func file(_ name: String, _ bytes: [UInt8]?) -> File {
        File(path: name, known: bytes, url: server.url(name))
    }

    func manifest(_ files: [File], name: String = "set") throws -> DataManifest {
        let records = files.map { file -> JSONValue in
            [
                "path": .string(file.path),
                "bytes": file.knowsSize ? file.known.map { .int($0.count) } ?? .null : .null,
                "sha256": file.knowsDigest ? file.known.map { .string(Digest.sha256($0)) } ?? .null : .null,
                "most_bytes": file.mostBytes.map { .int($0) } ?? .null,
                "url": file.url.map { .string($0) } ?? .null, "optional": .bool(file.isOptional),
            ]
        }
        let manifest: JSONValue = [
            "name": .string(name), "title": "Set", "licence": "CC0", "obtain": ["ask for it"],
            "files": .array(records),
        ]
        let url = folder.appendingPathComponent("\(name).json")
        try AtomicOutput.writeAtomically(manifest.text(.indented), to: url)
        return try DataManifest(url)
    }

    /// Folder of the data of the manifest `set`.
    var data: URL { folder.appendingPathComponent("out/set") }

    func bytes(_ name: String) -> [UInt8]? {
        (try? Data(contentsOf: data.appendingPathComponent(name))).map(Array.init)
    }

    static var settings: FetchSettings {
        var settings = FetchSettings()
        settings.pauseSeconds = 0.001
        settings.stallSeconds = 1
        return settings
    }

    func fetcher(
        _ manifest: DataManifest, mirror: Mirror? = nil, only: [String] = [],
        settings: FetchSettings = Self.settings
    ) throws -> Fetcher {
        try Fetcher(
            [manifest], into: folder.appendingPathComponent("out"), mirror: mirror, only: only,
            settings: settings)
    }

    /// Fetches, and says of each file what came of it: the lines of the report.
    @discardableResult
    func fetch(
        _ manifest: DataManifest, mirror: Mirror? = nil, only: [String] = [],
        settings: FetchSettings = Self.settings
    ) throws -> [String] {
        try fetcher(manifest, mirror: mirror, only: only, settings: settings)
            .run(stop: { false }, event: { _ in }).lines.map(plain)
    }

    /// A text with `…` for the folder and the server's address.
    func plain(_ text: String) -> String {
        text.replacing(folder.path, with: "…")
            .replacing("http://127.0.0.1:\(server.port)", with: "http://s")
    }
}

/// Bytes that follow from a number.
func someBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 32)
    }
}

/// Answers in the order of requests, then honest ones.
final class Script: Sendable {
    private let answers: Guarded<[HostileServer.Answer]>

    init(_ answers: [HostileServer.Answer]) { self.answers = Guarded(answers) }

    func next(_: HostileServer.Request) -> HostileServer.Answer {
        answers.withLock { $0.isEmpty ? .honest : $0.removeFirst() }
    }
}
