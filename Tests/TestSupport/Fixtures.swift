import Foundation

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

    /// Every folder `<root>/<kind>/<case>`, sorted by name within its root.
    public static func cases(_ kind: String) -> [URL] {
        entries(kind).filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true }
    }

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

/// The smallest student and teacher among the golden models.
public let tinyModel = Fixtures.repository.appendingPathComponent("Tests/Fixtures/models/qwen2_siglip")
