import Files
import Foundation
import TestSupport
import Testing

/// Names of members: repeated ones, ones that only Unicode takes for one, those of zips, and links.
@Suite struct ArchiveNameTests {
    @Test(arguments: ArchiveTests.kinds)
    func ofMembersOfOneNameTheLastCounts(kind: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.\(kind)")
            let members: [(String, [UInt8])] = [("a", [1]), ("b", [2]), ("./a", [3]), ("c", [4]), ("a", [5])]
            try ArchiveTests.make(kind, members, at: url)
            var found: [Int: [UInt8]] = [:]
            let absent = try Archive.visit(["a", "b"], of: url) { found[$0] = $1 }
            #expect(absent.isEmpty && found == [0: [5], 1: [2]])
        }
    }

    /// é as one letter, and as e and an accent.
    @Test(arguments: ["tar", "tar.gz", "tar.zst", "zip", "folder"])
    func namesAreComparedByteByByte(kind: String) throws {
        let (composed, decomposed) = ("caf\u{E9}.png", "cafe\u{301}.png")
        try withTemporaryFolder { folder in
            func source(_ members: [(String, [UInt8])]) throws -> URL {
                let url = folder.appendingPathComponent("\(members.count).\(kind)")
                switch kind {
                case "folder":
                    for (name, bytes) in members {
                        try AtomicOutput.writeAtomically(bytes, to: url.appendingPathComponent(name))
                    }
                case "zip": try SmallZip.make(members.map { .init($0.0, $0.1, isUTF8: true) }, at: url)
                default: try ArchiveTests.make(kind, members, at: url)
                }
                return url
            }
            var found: [Int: [UInt8]] = [:]
            let both = try source([(composed, [1]), (decomposed, [2])])
            #expect(try Archive.visit([composed, decomposed], of: both) { found[$0] = $1 }.isEmpty)
            #expect(found == [0: [1], 1: [2]])
            found = [:]
            let absent = try Archive.visit([composed, decomposed], of: source([(decomposed, [2])])) {
                found[$0] = $1
            }
            #expect(found == [1: [2]] && absent.map(\.number) == [0])
        }
    }

    /// The name as UTF-8 with and without a word about it, in the letters of the first PCs (ü is 0x81, é
    /// 0x82), and with Info-ZIP's field for it.
    @Test func namesInZipsAreFoundInAnyLocale() throws {
        let members: [SmallZip.Member] = [
            .init("图片/猫.png", [1], isUTF8: true), .init("🐱.png", [2], isUTF8: false),
            .init(bytes: [0x81, 0x82], [3]), .init(bytes: [0xFF, 0xFE], [4], unicodeName: "ß.png"),
            .init("plain.png", [5], isUTF8: true),
        ]
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.zip")
            try SmallZip.make(members, at: url)
            let names = ["图片/猫.png", "🐱.png", "üé", "ß.png", "plain.png"]
            let found = try ArchiveTests.readAll(url)
            #expect(found.map(\.0) == names && found.map(\.1) == [[1], [2], [3], [4], [5]])
        }
    }

    @Test func aLinkIsSaidAndHindersNothingElse() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.tar")
            try AtomicOutput.writeAtomically([7], to: folder.appendingPathComponent("in/real"))
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("in/link").path, withDestinationPath: "real")
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            tar.arguments = ["tar", "-cf", url.path, "-C", folder.path + "/in", "link", "real"]
            try tar.run()
            tar.waitUntilExit()
            var found: [Int: [UInt8]] = [:]
            let absent = try Archive.visit(["link", "real"], of: url) { found[$0] = $1 }
            #expect(found == [1: [7]] && absent.map(\.number) == [0])
            #expect(absent.first?.reason == .link(to: "real"))
            #expect(
                thrownText(in: folder) { _ = try ArchiveTests.readAll(url) }
                    == "…/x.tar, member 'link' is a link to 'real', which is not followed; pack the file "
                    + "itself (tar --hard-dereference -h)")
        }
    }

    /// `tar -S` stores holes as nothing, also one at the end: a BMP whose last rows are black ends so.
    @Test func theHolesOfASparseMemberAreZeros() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("holes")
            let descriptor = open(file.path, O_WRONLY | O_CREAT, 0o600)
            try #require(descriptor >= 0)
            #expect(pwrite(descriptor, [7], 1, 0) == 1 && pwrite(descriptor, [9], 1, 300_000) == 1)
            #expect(ftruncate(descriptor, 700_000) == 0)
            close(descriptor)
            let url = folder.appendingPathComponent("x.tar")
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            tar.arguments = ["tar", "-cSf", url.path, "-C", folder.path, "holes"]
            try tar.run()
            tar.waitUntilExit()
            try #require(tar.terminationStatus == 0)
            var found: [UInt8] = []
            #expect(try Archive.visit(["holes"], of: url) { found = $1 }.isEmpty)
            #expect(found.count == 700_000 && found[0] == 7 && found[300_000] == 9)
            #expect(found.count { $0 != 0 } == 2)
            // Such a tar is small, and cut short it is still refused.
            let bytes = try Data(contentsOf: url)
            #expect(bytes.count < 100_000)
            try bytes.prefix(2_000).write(to: url)
            #expect(throws: FilesError.self) { try Archive.visit(["holes"], of: url) { _, _ in } }
        }
    }
}
