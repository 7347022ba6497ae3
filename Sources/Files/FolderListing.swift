import Foundation

/// The files of a folder, in an order that does not depend on the file system.
public enum FolderListing {
    /// Paths of all regular files below `folder` (links to files included), relative to it, `/`-separated,
    /// sorted by their UTF-8 bytes. Hidden files and folders (a leading dot: our own temporary names among
    /// them) are left out.
    ///
    /// - Throws: `FilesError.missing` or `.system`
    public static func files(below folder: URL) throws -> [String] {
        var (found, above): ([String], [FileParts.Identity]) = ([], [])
        var left = mostFolders
        try visit(folder.path, prefix: "", above: &above, left: &left, into: &found)
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Folders visited at most: links to folders of links make more paths than anybody could list.
    private static let mostFolders = 1_000_000

    /// - Parameter above: the folders on the way to this one: links may form rings
    private static func visit(
        _ path: String, prefix: String, above: inout [FileParts.Identity], left: inout Int,
        into found: inout [String]
    ) throws {
        guard let handle = opendir(path) else { throw FilesError.current(path, "open it") }
        defer { closedir(handle) }
        var status = stat()
        guard fstat(dirfd(handle), &status) == 0 else { throw FilesError.current(path, "look at it") }
        let own = FileParts.Identity(status)
        left -= 1
        guard !above.contains(own), left > 0, above.count < 100 else {
            throw FilesError.system(path: path, operation: "list it", code: ELOOP)
        }
        above.append(own)
        defer { above.removeLast() }
        while let entry = readdir(handle) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard let name = FileName.checked(bytes) else {
                throw FilesError.corrupt(
                    path: path, offset: nil,
                    problem: "the file name '\(FileName.shown(bytes))' in it is not UTF-8 or has a control "
                        + "character: rename it")
            }
            guard !name.hasPrefix(".") else { continue }
            switch FileManager.fileType(atPath: path + "/" + name) {
            case S_IFREG: found.append(prefix + name)
            case S_IFDIR:
                try visit(
                    path + "/" + name, prefix: prefix + name + "/", above: &above, left: &left, into: &found)
            default: continue  // a socket, a device or a dangling link holds no data
            }
        }
    }
}
