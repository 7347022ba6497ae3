import CArchive
import Foundation

/// An archive being read through libarchive.
final class ArchiveReader {
    private let path: String
    private let memberLimit: Int
    private let handle: OpaquePointer
    private let fileBytes: Int
    /// The content of a gzip or zstd file; nil for others, which libarchive reads itself.
    private let stream: ContentStream?
    private var entry: OpaquePointer?
    private var member = ""
    private var link: String?
    private var isRead = false
    private var isAtEnd = false
    private var memberEnd = 0  // of the latest member, in uncompressed bytes
    private var members = 0
    private var handedOut = 0  // bytes of members, holes of sparse ones counted
    private let url: URL
    /// What a zip's directory says of its members' names, from the first member on.
    private var directory: ZipDirectory?

    init(_ url: URL, memberLimit: Int) throws {
        path = url.path
        self.url = url
        self.memberLimit = memberLimit
        fileBytes = try InputFile(url).size()
        guard let made = archive_read_new() else { preconditionFailure("ArchiveReader: no memory") }
        handle = made
        stream = try ContentStream.of(url)
        // Not filter_all: that would start outside programs for exotic ones.
        archive_read_support_filter_bzip2(handle)
        archive_read_support_filter_xz(handle)
        archive_read_support_format_tar(handle)
        // Not the streaming zip reader: it would not notice that the directory at the end is missing.
        archive_read_support_format_zip_seekable(handle)
        guard open() == ARCHIVE_OK else { throw notAnArchive() }
    }

    deinit { archive_read_free(handle) }

    private func open() -> Int32 {
        guard let stream else { return archive_read_open_filename(handle, path, 1 << 18) }
        // The stream lives as long as this object, and the handle no longer than it.
        return archive_read_open(
            handle, Unmanaged.passUnretained(stream).toOpaque(), nil,
            { _, client, block in
                guard let client else { return -1 }
                let stream = Unmanaged<ContentStream>.fromOpaque(client).takeUnretainedValue()
                let bytes = stream.next()
                block?.pointee = bytes.baseAddress
                return stream.problem == nil ? bytes.count : -1
            }, nil)
    }

    /// Reads a compressed archive to its end, where checksums stand that the bytes before must fit.
    ///
    /// - Throws: `FilesError.corrupt` where they do not
    func finish() throws {
        if archive_filter_count(handle) > 1 { while try !isAtEnd && next() != nil {} }
        stream?.drain()
        guard let problem = stream?.problem else { return }
        throw FilesError.corrupt(
            path: path, offset: nil,
            problem: "its compressed data is damaged (\(problem)): fetch or make the file again")
    }

    /// The path of the next file as stored; folders and devices are passed over. nil at the end.
    func next() throws -> String? {
        while true {
            try checkThatSkippedBytesExist()
            let status = archive_read_next_header(handle, &entry)
            if status == ARCHIVE_EOF {
                try checkEndMark()
                isAtEnd = true
                return nil
            }
            if status == ARCHIVE_RETRY { continue }
            guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else {
                throw member.isEmpty ? notAnArchive() : failure("after \(member)")
            }
            try count()
            let name = try name(of: entry)
            member = name ?? FileName.shown(Self.bytes(archive_entry_pathname(entry)))
            memberEnd = end(of: entry)
            isRead = false
            link =
                (archive_entry_hardlink_utf8(entry) ?? archive_entry_hardlink(entry)
                ?? archive_entry_symlink_utf8(entry)
                ?? archive_entry_symlink(entry)).map { String(cString: $0) }
            // A name that is not UTF-8 is none that anybody asks for.
            if name != nil, link != nil || archive_entry_filetype(entry) == S_IFREG { return name }
        }
    }

    /// One member more, of an archive that may not be a bomb.
    private func count() throws {
        members += 1
        guard members <= Limit.archiveMembers.value else {
            throw FilesError.tooLarge(
                path: path, item: "the archive", limit: Limit.archiveMembers.value, name: .archiveMembers)
        }
        try checkRatio()
    }

    private func checkRatio() throws {
        let limit = Limit.decompressed(from: fileBytes)
        guard max(handedOut, stream?.bytesRead ?? Int(archive_filter_bytes(handle, 0))) > limit else {
            return
        }
        throw FilesError.tooLarge(
            path: path, item: "the decompressed archive", limit: limit, name: .compressionRatio)
    }

    /// The bytes of the file `next()` stands at.
    func readBytes() throws -> [UInt8] {
        precondition(!isRead && entry != nil, "ArchiveReader: the bytes of '\(member)' were read already")
        isRead = true
        if let link {
            throw FilesError.linkMember(archive: path, member: member, target: link)
        }
        let claimed = archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : 0
        guard claimed <= memberLimit else {
            throw FilesError.tooLarge(
                path: path, item: "member '\(outside: member)'", limit: memberLimit, name: .memberBytes)
        }
        var bytes: [UInt8] = []
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { block.deallocate() }
        while true {
            let count = archive_read_data(handle, block.baseAddress, block.count)
            if count == 0 { break }
            if count == Int(ARCHIVE_RETRY) { continue }
            guard count > 0 else { throw failure(nil) }
            guard count <= memberLimit - bytes.count else {
                throw FilesError.tooLarge(
                    path: path, item: "member '\(outside: member)'", limit: memberLimit, name: .memberBytes)
            }
            handedOut += count
            try checkRatio()
            // Growth follows the bytes that came, not the size the header claims.
            bytes.append(
                contentsOf: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(block)[..<count]))
        }
        // The hole at the end of a sparse file is not handed over: it is zeros.
        if archive_entry_sparse_count(entry) > 0, bytes.count < claimed {
            handedOut += claimed - bytes.count
            try checkRatio()
            bytes += [UInt8](repeating: 0, count: claimed - bytes.count)
        }
        guard archive_entry_size_is_set(entry) == 0 || bytes.count == claimed else {
            throw failure(nil, "has \(bytes.count) bytes, its header says \(claimed)")
        }
        return bytes
    }

    /// libarchive seeks over what is not read in a plain tar, also past the end of a truncated file.
    private func checkThatSkippedBytesExist() throws {
        // One filter is the file itself: nothing is compressed.
        guard isTar, stream == nil, archive_filter_count(handle) == 1, memberEnd > fileBytes else { return }
        throw failure(
            nil, "the archive is truncated: the member ends at byte \(memberEnd), the file at \(fileBytes)")
    }

    /// A tar ends with zero blocks; libarchive takes the end of the file for them, which hides a cut between
    /// two members.
    private func checkEndMark() throws {
        guard isTar, case let consumed = Int(archive_filter_bytes(handle, 0)), memberEnd > 0,
            consumed <= (memberEnd + 511) / 512 * 512
        else { return }
        throw failure(nil, "the archive is truncated: no end mark after this member")
    }

    private var isTar: Bool { archive_format(handle) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_TAR }

    /// Place where a member's bytes end in a tar, at least: 0 when that cannot be said (a sparse file stores
    /// fewer
    /// than its size).
    private func end(of entry: OpaquePointer) -> Int {
        guard archive_entry_size_is_set(entry) != 0, archive_entry_sparse_count(entry) == 0 else { return 0 }
        let (sum, overflow) = Int(archive_entry_size(entry)).addingReportingOverflow(
            Int(archive_read_header_position(handle)) + 512)
        return overflow || archive_entry_hardlink(entry) != nil ? 0 : sum
    }

    private var message: String {
        stream?.problem ?? archive_error_string(handle).map { String(cString: $0) } ?? "unknown error"
    }

    private func notAnArchive() -> FilesError {
        .corrupt(
            path: path, offset: 0,
            problem:
                "not an archive that can be read, or one cut short (\(message)); a .tar, .tar.gz, .tar.zst, "
                + ".zip or a folder can"
        )
    }

    private func failure(_ where: String?, _ problem: String? = nil) -> FilesError {
        .corruptMember(
            archive: path, member: `where` ?? member,
            offset: max(0, Int(archive_read_header_position(handle))), problem: problem ?? message)
    }

    private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
        text.map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? []
    }

    /// The bytes that stand in the archive, whatever the locale; nil where they are not UTF-8.
    private func name(of entry: OpaquePointer) throws -> String? {
        let found = Self.bytes(archive_entry_pathname(entry))
        guard archive_format(handle) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_ZIP else {
            return String(validating: found, as: UTF8.self)
                ?? archive_entry_pathname_utf8(entry).map { String(cString: $0) }
        }
        if members == 1 { directory = try ZipDirectory(url) }
        guard let name = directory?.name(members - 1) else {
            throw failure("after \(member)", "the zip's directory cannot be read")
        }
        // libarchive has its own way with letters beyond ASCII, and makes \ from DOS a /.
        let isPlain = name.utf8.allSatisfy { $0 < 0x80 }
        guard
            !isPlain
                || name.replacing("\\", with: "/").utf8.elementsEqual(
                    String(decoding: found, as: UTF8.self).replacing("\\", with: "/").utf8)
        else {
            throw failure(name, "the zip's directory and its members do not fit together")
        }
        return isPlain ? String(decoding: found, as: UTF8.self) : name
    }
}
