import Foundation

/// Reads the files of a folder, .tar, .tar.gz, .tar.zst or .zip one after the other, in memory that does not
/// grow with the archive.
public enum Archive {
    /// Visits every file: an archive's in stored order, a folder's in the order of their paths' bytes.
    ///
    /// - Parameters:
    ///   - memberLimit: the most bytes one member may have
    ///   - body: gets the normalised path (`MemberPath`) and a function that reads the member's bytes, to be
    ///     called at most once and only during the visit; returns whether to go on
    /// - Throws: `FilesError.corruptMember` with the member and the offset for truncated or corrupt archives,
    ///   `.corrupt` for what is no archive, `.tooLarge` for a member beyond the limit; what `body` throws
    public static func forEachMember(
        of url: URL, memberLimit: Int = Limit.memberBytes.value,
        _ body: (_ path: String, _ readBytes: () throws -> [UInt8]) throws -> Bool
    ) throws {
        if FileManager.fileType(atPath: url.path) == S_IFDIR {
            for path in try FolderListing.files(below: url) {
                let file = url.appendingPathComponent(path)
                guard try body(path, { try readFile(file, limit: memberLimit) }) else { return }
            }
            return
        }
        let reader = try ArchiveReader(url, memberLimit: memberLimit)
        while let path = try reader.next() {
            guard let normalized = MemberPath.normalized(path) else { continue }
            guard try body(normalized, { try reader.readBytes() }) else { break }
        }
        try reader.finish()
    }

    /// Hands over the wanted files, each once, in whatever order they are stored, and stops after the last
    /// one.
    ///
    /// - Parameters:
    ///   - wanted: paths as the caller spells them; `./a/b` finds the member `a/b` and the other way round
    ///   - body: gets the path in the caller's spelling and the file's bytes. If an archive holds a path
    ///     twice, the first counts.
    /// - Returns: the wanted paths that were not found
    /// - Throws: as `forEachMember`
    public static func visit(
        _ wanted: Set<String>, of url: URL, memberLimit: Int = Limit.memberBytes.value,
        _ body: (_ path: String, _ bytes: [UInt8]) throws -> Void
    ) throws -> Set<String> {
        if FileManager.fileType(atPath: url.path) == S_IFDIR {
            return try visit(wanted, ofFolder: url, memberLimit: memberLimit, body)
        }
        var spellings: [String: [String]] = [:]
        for path in wanted {
            if let normalized = MemberPath.normalized(path) {
                spellings[normalized, default: []].append(path)
            }
        }
        var missing = wanted
        guard !spellings.isEmpty else { return missing }
        try forEachMember(of: url, memberLimit: memberLimit) { path, readBytes in
            guard let callers = spellings.removeValue(forKey: path) else { return true }
            let bytes = try readBytes()
            for caller in callers.sorted() {
                missing.remove(caller)
                try body(caller, bytes)
            }
            return !spellings.isEmpty
        }
        return missing
    }

    /// A folder is asked for each path instead of being listed: it may hold a million others.
    private static func visit(
        _ wanted: Set<String>, ofFolder url: URL, memberLimit: Int, _ body: (String, [UInt8]) throws -> Void
    ) throws -> Set<String> {
        var missing: Set<String> = []
        for path in wanted.sorted() {
            guard let normalized = MemberPath.normalized(path),
                case let file = url.appendingPathComponent(normalized),
                FileManager.fileType(atPath: file.path) == S_IFREG
            else {
                missing.insert(path)
                continue
            }
            try body(path, try readFile(file, limit: memberLimit))
        }
        return missing
    }

    private static func readFile(_ url: URL, limit: Int) throws -> [UInt8] {
        let file = try InputFile(url)
        let size = try file.size()
        guard size <= limit else {
            throw FilesError.tooLarge(path: url.path, item: "the file", limit: limit, name: .memberBytes)
        }
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            while initialized < size {
                let count = try file.read(
                    into: UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...]))
                guard count > 0 else { return }
                initialized += count
            }
        }
    }
}
