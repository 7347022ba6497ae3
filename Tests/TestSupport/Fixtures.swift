import Foundation
import Synchronization

/// Where golden data lives: the repository's own `Tests/Fixtures` and, when it is set, `$ALIGN_TI_FIXTURES`.
public enum Fixtures {
    /// The repository's top folder.
    public static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `Tests/Fixtures`, then `$ALIGN_TI_FIXTURES` when it is set.
    public static let roots: [URL] = {
        let own = repository.appendingPathComponent("Tests/Fixtures")
        guard let more = ProcessInfo.processInfo.environment["ALIGN_TI_FIXTURES"], !more.isEmpty else {
            return [own]
        }
        return [own, URL(fileURLWithPath: more)]
    }()

    /// Every folder `<root>/<kind>/<case>` that has the files asked for and those no case of its kind can do
    /// without, sorted by name within its root.
    public static func cases(_ kind: String, with files: String...) -> [URL] {
        let needed = kind == "models" ? ["student", "teacher", "batch.json", "batch.safetensors"] : []
        return entries(kind).filter { folder in
            (try? folder.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
                && (needed + files).allSatisfy { has($0, in: folder) }
        }
    }

    /// Whether a folder has a file: another's folder may lack it, and what needs it is then left out and said
    /// to be; ours may not, so that reading it fails.
    public static func has(_ file: String, in folder: URL) -> Bool {
        if isOwn(folder) || FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path) {
            return true
        }
        skip("no \(file)", in: folder)
        return false
    }

    /// Whether this is golden data of the repository, which has to be whole.
    public static func isOwn(_ url: URL) -> Bool { url.path.hasPrefix(roots[0].path + "/") }

    /// Says, once, what of another's folder is not tested.
    public static func skip(_ reason: String, in folder: URL) {
        let line =
            "skipped \(folder.deletingLastPathComponent().lastPathComponent)/"
            + "\(folder.lastPathComponent): \(reason)"
        if said.withLock({ $0.insert(line).inserted }) { print(line) }
    }

    private static let said = Mutex<Set<String>>([])

    /// Every folder `<root>/<kind>` that exists.
    public static func folders(_ kind: String) -> [URL] {
        roots.map { $0.appendingPathComponent(kind) }.filter {
            FileManager.default.fileExists(atPath: $0.path)
        }
    }

    /// Every file or folder directly below `<root>/<kind>`.
    public static func entries(_ kind: String) -> [URL] {
        folders(kind).flatMap { folder in
            let found = try? FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.isDirectoryKey])
            return (found ?? []).sorted { $0.path < $1.path }
        }
    }

    /// Published data that is not ours to copy: `$ALIGN_TI_FIXTURES/../real/<path>`, or nil where it is
    /// absent.
    public static func real(_ path: String) -> URL? {
        guard let more = ProcessInfo.processInfo.environment["ALIGN_TI_FIXTURES"], !more.isEmpty else {
            return nil
        }
        let url = URL(fileURLWithPath: more).deletingLastPathComponent().appendingPathComponent(
            "real/\(path)")
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }
}

/// A folder of its own for a test, removed afterwards.
public func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "align-ti-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Text of the error that `body` throws, with `…` for the path of `folder`; empty where it throws none.
public func thrownText(in folder: URL? = nil, _ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return folder.map { "\(error)".replacingOccurrences(of: $0.path, with: "…") } ?? "\(error)"
    }
}

/// The smallest student and teacher among the golden models.
public let tinyModel = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")
