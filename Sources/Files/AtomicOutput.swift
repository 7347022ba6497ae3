import Foundation

/// Outputs that appear whole or not at all.
public enum AtomicOutput {
    /// Writes a file under a temporary name, syncs and renames it; missing parent folders are made.
    public static func writeAtomically(_ bytes: [UInt8], to url: URL) throws {
        let file = try AtomicFile(url)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes a text file as UTF-8; see `writeAtomically(_:to:)`.
    public static func writeAtomically(_ text: String, to url: URL) throws {
        try writeAtomically(Array(text.utf8), to: url)
    }

    /// Builds a folder under a temporary name and renames it when `build` returns.
    ///
    /// - Parameters:
    ///   - url: the folder to make
    ///   - replacing: whether a folder that is there already may be replaced (its contents are then deleted)
    ///   - build: fills the folder it is given
    /// - Throws: what `build` throws, after removing the temporary folder; `FilesError.system` otherwise
    public static func folder(at url: URL, replacing: Bool = false, build: (URL) throws -> Void) throws {
        let target = url.resolvingSymlinksInPath()
        try makeFolder(target.deletingLastPathComponent())
        let temporary = temporaryURL(beside: target)
        let manager = FileManager.default
        guard mkdir(temporary.path, 0o777) == 0 else { throw FilesError.current(target.path, "create it") }
        do {
            try build(temporary)
            try syncTree(temporary)
            if rename(temporary.path, target.path) != 0 {
                // rename() replaces an empty folder only; anything else has to make room first.
                guard replacing, errno == ENOTEMPTY || errno == EEXIST else {
                    throw FilesError.current(target.path, "rename the finished folder to it")
                }
                try swap(temporary, into: target)
            }
            syncFolder(target.deletingLastPathComponent())
        } catch {
            try? manager.removeItem(at: temporary)
            throw error
        }
    }

    private static func swap(_ temporary: URL, into target: URL) throws {
        let old = temporaryURL(beside: target)
        guard rename(target.path, old.path) == 0 else {
            throw FilesError.current(target.path, "move the old folder away")
        }
        guard rename(temporary.path, target.path) == 0 else {
            let failure = FilesError.current(target.path, "rename the finished folder to it")
            rename(old.path, target.path)
            throw failure
        }
        try? FileManager.default.removeItem(at: old)
    }

    /// Makes a folder and its parents; harmless when it exists.
    public static func makeFolder(_ url: URL) throws {
        if FileManager.fileType(atPath: url.path) == S_IFDIR || mkdir(url.path, 0o777) == 0 { return }
        let parent = url.deletingLastPathComponent()
        if errno == ENOENT, parent.path != url.path {
            try makeFolder(parent)
            if mkdir(url.path, 0o777) == 0 { return }
        }
        let code = errno
        guard code == EEXIST else {
            throw FilesError.system(path: url.path, operation: "make the folder", code: code)
        }
        switch FileManager.fileType(atPath: url.path) {
        case S_IFDIR: break  // Another process made it between the look and the call.
        case nil:
            throw FilesError.system(
                path: url.path, operation: "make the folder through a link that leads nowhere", code: ENOENT)
        default: throw FilesError.system(path: url.path, operation: "make the folder", code: ENOTDIR)
        }
    }

    /// A hidden name beside `url` that no other process uses.
    static func temporaryURL(beside url: URL) -> URL {
        let unique = "\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        return url.deletingLastPathComponent().appendingPathComponent(
            ".\(url.lastPathComponent).partial-\(unique)")
    }

    /// Removes what processes that were killed left below a folder under temporary names.
    ///
    /// Only for the one process that may write there: temporary names of living ones look the same.
    public static func removePartialFiles(below folder: URL) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let url = folder.appendingPathComponent(name)
            if name.hasPrefix("."), name.contains(".partial-") {
                try FileManager.default.removeItem(at: url)
            } else if FileManager.linkType(atPath: url.path) == S_IFDIR {
                try removePartialFiles(below: url)
            }
        }
    }

    /// Makes a rename durable. A file system that cannot sync folders is left to its own rules.
    package static func syncFolder(_ url: URL) {
        let descriptor = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    package static func writeAll(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
    ) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FilesError.current(path, "write it")
            }
            rest = rest.dropFirst(count)
        }
    }

    private static func syncTree(_ folder: URL) throws {
        for path in try FolderListing.files(below: folder) {
            let full = folder.appendingPathComponent(path).path
            let descriptor = open(full, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw FilesError.current(full, "open it") }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { throw FilesError.current(full, "sync it") }
        }
        syncFolder(folder)
    }
}
