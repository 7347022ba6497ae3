import CArchive
import Files
import Foundation
import TestSupport
import Testing

@Suite struct ArchiveTests {
    static let members: [(String, [UInt8])] = [
        ("z/last.jpg", [UInt8](repeating: 7, count: 70_000)), ("a/é 1.png", [1, 2, 3]), ("./b.txt", []),
        ("a/second", Array("hello".utf8)),
    ]
    static let names = ["z/last.jpg", "a/é 1.png", "b.txt", "a/second"]
    static let kinds = ["tar", "pax", "tar.gz", "tar.zst", "zip"]

    /// Any archive through libarchive's own writer, independent of `TarWriter`.
    static func make(_ kind: String, _ members: [(String, [UInt8])], at url: URL) throws {
        let handle = try #require(archive_write_new())
        defer { archive_write_free(handle) }
        switch kind {
        case "zip": archive_write_set_format_zip(handle)
        case "pax": archive_write_set_format_pax(handle)
        default: archive_write_set_format_gnutar(handle)
        }
        if kind == "tar.gz" { archive_write_add_filter_gzip(handle) }
        if kind == "tar.zst" { archive_write_add_filter_zstd(handle) }
        try #require(archive_write_open_filename(handle, url.path) == ARCHIVE_OK)
        for (name, bytes) in members {
            let entry = try #require(archive_entry_new())
            defer { archive_entry_free(entry) }
            archive_entry_set_pathname(entry, name)
            archive_entry_set_filetype(entry, 0o100000)
            archive_entry_set_perm(entry, 0o644)
            archive_entry_set_size(entry, Int64(bytes.count))
            _ = archive_write_header(handle, entry)
            if !bytes.isEmpty {
                try #require(
                    bytes.withUnsafeBytes { archive_write_data(handle, $0.baseAddress, $0.count) }
                        == bytes.count)
            }
        }
        try #require(archive_write_close(handle) == ARCHIVE_OK)
    }

    static func readAll(_ url: URL) throws -> [(String, [UInt8])] {
        var found: [(String, [UInt8])] = []
        try Archive.forEachMember(of: url) { path, readBytes in
            found.append((path, try readBytes()))
            return true
        }
        return found
    }

    @Test(arguments: kinds)
    func membersComeInStoredOrder(kind: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.\(kind)")
            try Self.make(kind, Self.members, at: url)
            let found = try Self.readAll(url)
            #expect(found.map(\.0) == Self.names)
            #expect(found.map(\.1) == Self.members.map(\.1))
        }
    }

    @Test(arguments: kinds)
    func unreadMembersAreSkippedAndTheWalkCanStop(kind: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.\(kind)")
            try Self.make(kind, Self.members, at: url)
            var seen: [String] = []
            try Archive.forEachMember(of: url) { path, readBytes in
                seen.append(path)
                let bytes = try path == "a/é 1.png" ? readBytes() : nil
                #expect(bytes == (path == "a/é 1.png" ? [1, 2, 3] : nil))
                return path != "b.txt"
            }
            #expect(seen == ["z/last.jpg", "a/é 1.png", "b.txt"])
        }
    }

    @Test(arguments: kinds + ["folder"])
    func wantedFilesAreHandedOverOnceInTheCallersSpelling(kind: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.\(kind)")
            if kind == "folder" {
                for (name, bytes) in Self.members {
                    try AtomicOutput.writeAtomically(bytes, to: url.appendingPathComponent(name))
                }
            } else {
                try Self.make(kind, Self.members + [("b.txt", [9])], at: url)
            }
            let wanted = ["./a//second", "b.txt", "z/../z/last.jpg", "a/nothing", "../outside", "b.txt"]
            var found = [[UInt8]?](repeating: nil, count: wanted.count)
            let absent = try Archive.visit(wanted, of: url) { number, bytes in
                #expect(found[number] == nil)
                found[number] = bytes
            }
            #expect(absent.map(\.number) == [3, 4] && absent.allSatisfy { $0.reason == .missing() })
            // Of two members of one name the last counts.
            let text: [UInt8] = kind == "folder" ? [] : [9]
            #expect(found == [Array("hello".utf8), text, Self.members[0].1, nil, nil, text])
        }
    }

    @Test(arguments: kinds, [true, false])
    func everyTruncationIsANamedError(kind: String, reading: Bool) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.\(kind)")
            // Random bytes, so that the compressed kinds can be cut inside the first member too.
            let noise = (0..<3000).map { _ in UInt8.random(in: 0...255) }
            try Self.make(kind, [("a", noise), ("b", Array(noise[..<512])), ("c", noise)], at: url)
            let whole = try Array(Data(contentsOf: url))
            // After the last member come 1,024 zero bytes and padding to 10,240: losing padding alone loses
            // nothing.
            let end =
                ["tar", "pax"].contains(kind)
                ? (whole.lastIndex { $0 != 0 } ?? 0) / 512 * 512 + 512 : whole.count
            let cuts = Set(stride(from: 0, to: end, by: 97)).union(stride(from: 0, through: end, by: 512))
                .filter { $0 < whole.count }
            for cut in cuts.sorted() {
                let short = folder.appendingPathComponent("cut")
                try AtomicOutput.writeAtomically(Array(whole[..<cut]), to: short)
                #expect("cut at \(cut) of \(whole.count)") {
                    try Archive.forEachMember(of: short) { _, readBytes in
                        if reading { _ = try readBytes() }
                        return true
                    }
                } throws: { error in
                    "\(error)".hasPrefix(short.path)
                }
            }
        }
    }

    @Test func damageInAZipMemberIsFoundByItsChecksum() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.zip")
            let noise = (0..<3000).map { _ in UInt8.random(in: 0...255) }
            try Self.make("zip", [("first", [1]), ("images/bad.jpg", noise)], at: url)
            var bytes = try Array(Data(contentsOf: url))
            bytes[bytes.count / 2] ^= 0xff
            try AtomicOutput.writeAtomically(bytes, to: url)
            #expect { try Self.readAll(url) } throws: { error in
                guard case .corruptMember(url.path, "images/bad.jpg", _, _) = error as? FilesError else {
                    return false
                }
                return true
            }
        }
    }

    @Test func whatIsNoArchiveIsSaidToBeNone() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.tar")
            try AtomicOutput.writeAtomically("just some text that is long enough to be looked at\n", to: url)
            #expect(
                thrownText(in: folder) { _ = try Self.readAll(url) } == "…/x.tar at byte 0: not an "
                    + "archive that can be read, or one cut short (Unrecognized archive format); a .tar, "
                    + ".tar.gz, .tar.zst, .zip or a folder can")
            try AtomicOutput.writeAtomically([], to: url)
            #expect(
                thrownText(in: folder) { _ = try Self.readAll(url) } == "…/x.tar at byte 0: not an "
                    + "archive that can be read, or one cut short (Unrecognized archive format); a .tar, "
                    + ".tar.gz, .tar.zst, .zip or a folder can")
            let gone = folder.appendingPathComponent("gone.zip")
            #expect(throws: FilesError.missing(path: gone.path)) { try Self.readAll(gone) }
        }
    }

    /// 80 members of 1 MiB of zeros take some kilobytes.
    @Test func anArchiveThatWouldFillADiskIsRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("bomb.tar.zst")
            let writer = try TarWriter(url, compression: .zstandard(level: 1))
            for number in 0..<80 { try writer.add("\(number)", [UInt8](repeating: 0, count: 1 << 20)) }
            try writer.commit()
            #expect(
                throws: FilesError.tooLarge(
                    path: url.path, item: "the decompressed archive", limit: 1 << 26, name: .compressionRatio)
            ) {
                try Archive.forEachMember(of: url) { _, _ in true }
            }
        }
    }

    @Test func aMemberBeyondTheLimitIsRefused() throws {
        try withTemporaryFolder { folder in
            for kind in Self.kinds {
                let url = folder.appendingPathComponent("x.\(kind)")
                try Self.make(kind, Self.members, at: url)
                #expect(
                    throws: FilesError.tooLarge(
                        path: url.path, item: "member 'z/last.jpg'", limit: 69_999, name: .memberBytes)
                ) {
                    try Archive.forEachMember(of: url, memberLimit: 69_999) { _, readBytes in
                        _ = try readBytes()
                        return true
                    }
                }
            }
        }
    }

    @Test(.enabled(if: Fixtures.real("nlvr") != nil))
    func aPublishedTarAndZipHoldTheSameImages() throws {
        let folder = try #require(Fixtures.real("nlvr"))
        func digests(_ name: String) throws -> [String: String] {
            var result: [String: String] = [:]
            try Archive.forEachMember(of: folder.appendingPathComponent(name)) { path, readBytes in
                result[path] = Digest.sha256(try readBytes())
                return true
            }
            return result
        }
        let tar = try digests("images.tar")
        #expect(tar.count > 100)
        #expect(try digests("images.zip") == tar)
    }

    @Test(arguments: ["tar.gz", "tar.zst", "zip"])
    func aFlippedBitIsNeverAnotherPicture(kind: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.\(kind)")
            // Noise, so that most of the file is content.
            var state: UInt64 = 7
            let noise = (0..<20_000).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            // libarchive writes zstd frames without a checksum; ours have one, as those of `zstd` and `tar`.
            try Self.make(
                kind == "tar.zst" ? "tar" : kind, [("a", noise), ("b", noise.reversed())], at: url)
            var whole = [UInt8](try Data(contentsOf: url))
            if kind == "tar.zst" { whole = try Zstandard.compress(whole) }
            for flip in 0..<60 {
                var bytes = whole
                bytes[(flip * 7919 + 500) % (whole.count - 600) + 300] ^= 1 << UInt8(flip % 8)
                try AtomicOutput.writeAtomically(bytes, to: url)
                guard let found = try? Self.readAll(url) else { continue }
                #expect(
                    found.map(\.0) == ["a", "b"] && found.map(\.1) == [noise, noise.reversed()],
                    "flip \(flip)")
                // Wanted files that come first are no reason to stop before the checksum.
                var first: [UInt8] = []
                _ = try? Archive.visit(["a"], of: url) { first = $1 }
                #expect(first == noise || kind != "zip")
            }
        }
    }
}
