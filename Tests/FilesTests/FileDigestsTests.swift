import Files
import Foundation
import TestSupport
import Testing

/// Digests of large files are remembered, and never those of a file that was changed.
@Suite struct FileDigestsTests {
    /// Changes one byte in place and sets the time of modification back, as a careless or an evil hand may.
    private func flip(_ file: URL, at offset: UInt64 = 0) throws {
        let date = try #require(
            FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date)
        let handle = try FileHandle(forUpdating: file)
        try handle.seek(toOffset: offset)
        let byte = try #require(handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data([byte ^ 1]))
        try handle.close()
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
    }

    @Test func whatIsRememberedIsTheFilesDigestUntilItChanges() throws {
        try withTemporaryFolder { folder in
            let (file, memory) = (folder.appendingPathComponent("w"), folder.appendingPathComponent("memory"))
            try AtomicOutput.writeAtomically([UInt8](repeating: 1, count: 1 << 16), to: file)
            let digests = FileDigests(memory, leastBytes: 1 << 16)
            let first = try digests.digest(of: file)
            #expect(first == (try Digest.sha256(ofFile: file)))
            // The file is too young to be remembered: it may yet change within the clock's tick.
            #expect(!FileManager.default.fileExists(atPath: memory.path))
            Thread.sleep(forTimeInterval: 3.1)
            #expect(try digests.digest(of: file) == first)
            let names = try FileManager.default.contentsOfDirectory(atPath: memory.path)
            let note = memory.appendingPathComponent(try #require(names.first))
            #expect(names.count == 1)

            let text = try String(contentsOf: note, encoding: .utf8)
            #expect(text.hasPrefix(first))
            // A memory with a flipped bit is none.
            for offset in [0, 3, 63, 64, 65, 100, 128] {
                try flip(note, at: UInt64(offset))
                #expect(try digests.digest(of: file) == first)
                try AtomicOutput.writeAtomically(text, to: note)
            }
            // The time of modification is set back; that of change cannot be.
            try flip(file)
            let second = try digests.digest(of: file)
            #expect(try second != first && second == Digest.sha256(ofFile: file))
            try flip(file)
            #expect(try digests.digest(of: file) == first)
            // A smaller file is read each time.
            #expect(try FileDigests(memory, leastBytes: 1 << 17).digest(of: file) == first)
        }
    }

    /// Whether the file was read shows in the age of what was remembered.
    @Test func readingAlwaysBelievesNoMemory() throws {
        try withTemporaryFolder { folder in
            let (file, memory) = (folder.appendingPathComponent("w"), folder.appendingPathComponent("memory"))
            try AtomicOutput.writeAtomically("weights", to: file)
            Thread.sleep(forTimeInterval: 3.1)
            let digests = FileDigests(memory, leastBytes: 1)
            let first = try digests.digest(of: file)
            let note = memory.appendingPathComponent(
                try #require(FileManager.default.contentsOfDirectory(atPath: memory.path).first))
            let age = try FileManager.default.attributesOfItem(atPath: note.path)[.modificationDate] as? Date
            #expect(try digests.digest(of: file) == first)
            let same = try FileManager.default.attributesOfItem(atPath: note.path)[.modificationDate] as? Date
            #expect(age == same, "it was read again")
            #expect(try FileDigests(memory, readsAlways: true, leastBytes: 1).digest(of: file) == first)
            let anew = try FileManager.default.attributesOfItem(atPath: note.path)[.modificationDate] as? Date
            #expect(age != anew, "it was not read")
        }
    }

    @Test func aMemoryThatCannotBeWrittenIsNoError() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("w")
            try AtomicOutput.writeAtomically("weights", to: file)
            Thread.sleep(forTimeInterval: 3.1)
            // A file stands where the folder would be.
            let digests = FileDigests(file.appendingPathComponent("memory"), leastBytes: 1)
            #expect(try digests.digest(of: file) == Digest.sha256("weights"))
            #expect(try digests.digest(ofFolder: folder) == Digest.sha256(ofFolder: folder))
        }
    }
}
