import Foundation

/// Reads small files whole.
public enum InputBytes {
    /// - Throws: `FilesError.missing`, `.system`
    public static func read(_ url: URL) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try InputFile(url).forEachBlock { bytes.append(contentsOf: $0) }
        return bytes
    }
}
