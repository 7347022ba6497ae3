import Foundation

/// Reads small files whole.
public enum InputBytes {
    /// - Parameter name: the entry of docs/limits.md that bounds the file
    /// - Throws: `FilesError.missing`, `.system`, `.tooLarge`
    public static func read(_ url: URL, limit name: Limit = .fileBytes) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let file = try InputFile(url)
        let limit = name.value
        bytes.reserveCapacity(min(try file.size(), limit))
        // A device may have no end, so what came is what counts.
        try file.forEachBlock { block in
            guard block.count <= limit - bytes.count else {
                throw FilesError.tooLarge(path: url.path, item: "the file", limit: limit, name: name)
            }
            bytes.append(contentsOf: block)
        }
        return bytes
    }
}
