import Files
import Foundation
import TestSupport
import Testing

@Suite struct JSONLinesWriterTests {
    @Test func appendingContinuesAfterTheLastWholeLine() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("sub/x.jsonl")
            let first = try JSONLinesWriter(appendingTo: url)
            try first.append("{\"n\":1}")
            try first.synchronize()
            #expect(try String(contentsOf: url, encoding: .utf8) == "{\"n\":1}\n")
            try first.close()
            // A process that was killed in the middle of a line.
            let handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("{\"n\":".utf8))
            try handle.close()
            let second = try JSONLinesWriter(appendingTo: url)
            try second.append("{\"n\":2}")
            try second.close()
            #expect(try String(contentsOf: url, encoding: .utf8) == "{\"n\":1}\n{\"n\":2}\n")
        }
    }

    @Test func aFullDiskIsThrown() throws {
        let writer = try JSONLinesWriter(appendingTo: URL(fileURLWithPath: "/dev/full"))
        #expect(throws: FilesError.system(path: "/dev/full", operation: "write it", code: ENOSPC)) {
            try writer.append("{}")
        }
    }
}
