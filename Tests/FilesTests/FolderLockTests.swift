import Files
import Foundation
import TestSupport
import Testing

@Suite struct FolderLockTests {
    @Test func oneAtATimeHasIt() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(".mark")
            var first = try FolderLock(url, patience: 1)
            try #require(first).write("one")
            #expect(try FolderLock(url, patience: 2) == nil)
            #expect(try String(contentsOf: url, encoding: .utf8) == "one")
            first = nil
            let second = try #require(try FolderLock(url, patience: 1))
            try second.write("two")
            #expect(try String(contentsOf: url, encoding: .utf8) == "two")
            second.remove()
            // The name is free: a new file, another lock.
            #expect(try FolderLock(url, patience: 1) != nil)
        }
    }

    @Test func aLinkIsNoMark() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(".mark")
            try FileManager.default.createSymbolicLink(
                atPath: url.path, withDestinationPath: folder.appendingPathComponent("elsewhere").path)
            #expect(throws: FilesError.self) { try FolderLock(url, patience: 1) }
        }
    }
}
