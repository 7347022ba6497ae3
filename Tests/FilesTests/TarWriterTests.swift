import Files
import Foundation
import TestSupport
import Testing

@Suite struct TarWriterTests {
    private func write(
        _ members: [(String, [UInt8])], to url: URL, compression: SafeTensorsWriter.Compression = .none
    ) throws {
        let tar = try TarWriter(url, compression: compression)
        for (name, bytes) in members { try tar.add(name, bytes) }
        try tar.commit()
    }

    @Test func whatIsWrittenIsRead() throws {
        let long = String(repeating: "folder/", count: 20) + String(repeating: "n", count: 90)  // 230 bytes
        let members = ArchiveTests.members + [(long, [5])]
        try withTemporaryFolder { folder in
            for compression in [SafeTensorsWriter.Compression.none, .zstandard(level: 3)] {
                let url = folder.appendingPathComponent("x.tar")
                try write(members, to: url, compression: compression)
                let found = try ArchiveTests.readAll(url)
                #expect(found.map(\.0) == ArchiveTests.names + [long])
                #expect(found.map(\.1) == members.map(\.1))
            }
        }
    }

    @Test func sameMembersSameBytes() throws {
        try withTemporaryFolder { folder in
            let (a, b) = (folder.appendingPathComponent("a.tar"), folder.appendingPathComponent("sub/b.tar"))
            try write(ArchiveTests.members, to: a)
            try write(ArchiveTests.members, to: b)
            let bytes = try Array(Data(contentsOf: a))
            #expect(try Array(Data(contentsOf: b)) == bytes)
            // The first header in full: mode, owner, group and time are fixed, whoever runs this and when
            // (offsets of POSIX ustar).
            #expect(Array(bytes[0..<11]) == Array("z/last.jpg\0".utf8))
            #expect(String(decoding: bytes[100..<107], as: UTF8.self).contains("644"))
            #expect(Array(bytes[136..<147]) == Array("00000000000".utf8))
            #expect(Array(bytes[257..<262]) == Array("ustar".utf8))
        }
    }

    @Test func withoutCommitThereIsNoFile() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.tar")
            do {
                let tar = try TarWriter(url)
                try tar.add("a", [1])
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
            #expect(
                thrownText(in: folder) { try write([("../a", [1])], to: url) } == "…/x.tar: '../a' is "
                    + "no path for a member")
            #expect(throws: FilesError.self) {
                try write([(String(repeating: "x", count: 300), [1])], to: url)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test func aFullDiskIsThrown() {
        #expect(throws: FilesError.system(path: "/dev/full", operation: "write it", code: ENOSPC)) {
            try write([("a", [UInt8](repeating: 1, count: 1 << 20))], to: URL(fileURLWithPath: "/dev/full"))
        }
    }
}
