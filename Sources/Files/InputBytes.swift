import Foundation

/// Reads small files whole.
public enum InputBytes {
    /// - Throws: `FilesError.missing`, `.system`
    public static func read(_ url: URL) throws -> [UInt8] {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw FilesError.missing(path: url.path)
        }
        do {
            return Array(try Data(contentsOf: url))
        } catch {
            throw FilesError.system(path: url.path, operation: "read it", code: EIO)
        }
    }
}
