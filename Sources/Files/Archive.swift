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

    /// Why a wanted file was not handed over.
    public enum Absence: Sendable, Equatable {
        /// There is no file of that name, and perhaps one with nearly that name.
        case missing(near: String? = nil)
        /// The archive has a link of that name, which is not followed.
        case link(to: String)
    }

    /// Hands over the wanted files, each once, in whatever order they are stored.
    ///
    /// Names are compared byte by byte. Of members with the same name the last counts, as it is what
    /// unpacking leaves: an archive is gone through once for the names and once for the bytes.
    ///
    /// - Parameters:
    ///   - wanted: paths as the caller spells them; `./a/b` finds the member `a/b` and the other way round
    ///   - body: gets a path's number in `wanted` and the file's bytes
    /// - Returns: the numbers of those that were not handed over, in order
    /// - Throws: as `forEachMember`
    public static func visit(
        _ wanted: [String], of url: URL, memberLimit: Int = Limit.memberBytes.value,
        _ body: (_ number: Int, _ bytes: [UInt8]) throws -> Void
    ) throws -> [(number: Int, reason: Absence)] {
        if FileManager.fileType(atPath: url.path) == S_IFDIR {
            return try visit(wanted, ofFolder: url, memberLimit: memberLimit, body)
        }
        var numbers: [ExactKey: [Int]] = [:]
        for (number, path) in wanted.enumerated() {
            if let normalized = MemberPath.normalized(path) {
                numbers[ExactKey(normalized), default: []].append(number)
            }
        }
        let last = try numbers.isEmpty ? [:] : lastMembers(numbers, of: url)
        var absent = [Absence?](repeating: .missing(), count: wanted.count)
        // What is not there is looked for under nearly its name on the way to what is.
        let missing = wanted.indices.lazy.filter { number in
            MemberPath.normalized(wanted[number]).map { last[ExactKey($0)] == nil } ?? false
        }.prefix(Self.mostLookedFor)
        var near = NearNames(missing.compactMap { MemberPath.normalized(wanted[$0]) })
        var (member, left) = (0, last.count)
        try forEachMember(of: url, memberLimit: memberLimit) { path, readBytes in
            let key = ExactKey(path)
            defer { member += 1 }
            guard last[key] == member else {
                near.see(path)
                return left > 0 || !near.isEmpty
            }
            left -= 1
            do {
                let bytes = try readBytes()
                for number in numbers[key] ?? [] {
                    absent[number] = nil
                    try body(number, bytes)
                }
            } catch FilesError.linkMember(_, _, let target) {
                for number in numbers[key] ?? [] { absent[number] = .link(to: target) }
            }
            return left > 0
        }
        for number in missing {
            absent[number] = .missing(near: MemberPath.normalized(wanted[number]).flatMap(near.near))
        }
        return absent.enumerated().compactMap { number, reason in reason.map { (number, $0) } }
    }

    /// Of every wanted path the last member that has it, counted as `forEachMember` hands them out.
    private static func lastMembers(_ wanted: [ExactKey: [Int]], of url: URL) throws -> [ExactKey: Int] {
        var last: [ExactKey: Int] = [:]
        var member = 0
        try forEachMember(of: url) { path, _ in
            let key = ExactKey(path)
            if wanted[key] != nil { last[key] = member }
            member += 1
            return true
        }
        return last
    }

    /// A folder is asked for each path instead of being listed: it may hold a million others.
    private static func visit(
        _ wanted: [String], ofFolder url: URL, memberLimit: Int, _ body: (Int, [UInt8]) throws -> Void
    ) throws -> [(number: Int, reason: Absence)] {
        var absent: [(number: Int, reason: Absence)] = []
        let order = wanted.indices.sorted {
            wanted[$0].utf8.lexicographicallyPrecedes(wanted[$1].utf8)
        }
        for number in order {
            guard let normalized = MemberPath.normalized(wanted[number]),
                case let file = url.appendingPathComponent(normalized),
                FileManager.fileType(atPath: file.path) == S_IFREG
            else {
                let looks = absent.count < Self.mostLookedFor
                absent.append(
                    (number, .missing(near: looks ? nearFile(wanted[number], inFolder: url) : nil)))
                continue
            }
            try body(number, try readFile(file, limit: memberLimit))
        }
        return absent.sorted { $0.number < $1.number }
    }

    /// Missing names for which others are looked for that are nearly the same.
    private static let mostLookedFor = 20

    /// A file of nearly that name: in the same folder, below one of the first folders, or without its own.
    private static func nearFile(_ path: String, inFolder url: URL) -> String? {
        guard let path = MemberPath.normalized(path.replacing("\\", with: "/")) else { return nil }
        func isFile(_ path: String) -> Bool {
            FileManager.fileType(atPath: url.appendingPathComponent(path).path) == S_IFREG
        }
        let parts = path.split(separator: "/")
        let shorter = parts.indices.map { parts[$0...].joined(separator: "/") }
        if let found = shorter.first(where: isFile) { return found }
        var near = NearNames([path])
        for folder in Set([parts.dropLast().joined(separator: "/"), ""]) {
            let inside = folder.isEmpty ? url : url.appendingPathComponent(folder)
            for name in (try? FileManager.default.contentsOfDirectory(atPath: inside.path)) ?? [] {
                let below = folder.isEmpty ? name : "\(folder)/\(name)"
                near.see(below)
                if folder.isEmpty, isFile("\(name)/\(path)") { near.see("\(name)/\(path)") }
            }
        }
        return near.near(path)
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
