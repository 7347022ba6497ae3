import Files
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func theFileAppearsAtCommit() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a/b/c.txt")
            let file = try AtomicFile(url)
            try file.write("hello ")
            try file.write([UInt8](repeating: 33, count: 600_000))
            #expect(!FileManager.default.fileExists(atPath: url.path))
            try file.commit()
            #expect(file.bytesWritten == 600_006)
            #expect(
                try Array(Data(contentsOf: url)) == Array("hello ".utf8)
                    + [UInt8](repeating: 33, count: 600_000))
            #expect(try names(url.deletingLastPathComponent()) == ["c.txt"])
        }
    }

    @Test func withoutCommitTheOldFileStays() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x")
            try AtomicOutput.writeAtomically("old", to: url)
            do {
                let file = try AtomicFile(url)
                try file.write([UInt8](repeating: 0, count: 1 << 20))
                #expect(try names(folder).count == 2)
            }
            #expect(try names(folder) == ["x"])
            #expect(try String(contentsOf: url, encoding: .utf8) == "old")
            try AtomicOutput.writeAtomically("new", to: url)
            #expect(try String(contentsOf: url, encoding: .utf8) == "new")
        }
    }

    @Test func nothingIsWrittenThroughALink() throws {
        try withTemporaryFolder { folder in
            let (real, link) = (folder.appendingPathComponent("real"), folder.appendingPathComponent("link"))
            try AtomicOutput.writeAtomically("old", to: real)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
            try AtomicOutput.writeAtomically("new", to: link)
            #expect(try String(contentsOf: real, encoding: .utf8) == "old")
            #expect(try String(contentsOf: link, encoding: .utf8) == "new")
            try FileManager.default.removeItem(at: link)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
            #expect(throws: FilesError.self) { try JSONLinesWriter(appendingTo: link) }
        }
    }

    @Test func aFullDiskIsThrownWhetherTheWriteIsSmallOrLarge() throws {
        let full = URL(fileURLWithPath: "/dev/full")
        let expected = FilesError.system(path: "/dev/full", operation: "write it", code: ENOSPC)
        #expect(throws: expected) { try AtomicFile(full).write([UInt8](repeating: 0, count: 1 << 20)) }
        let small = try AtomicFile(full)
        try small.write([1])
        #expect(throws: expected) { try small.commit() }
        #expect(
            "\(expected)" == "/dev/full: cannot write it: No space left on device; free some space and "
                + "run again")
    }

    @Test func aFolderThatCannotBeMadeIsAnError() throws {
        try withTemporaryFolder { folder in
            let blocker = folder.appendingPathComponent("file")
            try AtomicOutput.writeAtomically("x", to: blocker)
            #expect(throws: FilesError.self) { try AtomicFile(blocker.appendingPathComponent("child/x")) }
            #expect(
                throws: FilesError.system(
                    path: folder.path, operation: "write it", code: EISDIR)
            ) { try AtomicFile(folder) }
        }
    }
}
