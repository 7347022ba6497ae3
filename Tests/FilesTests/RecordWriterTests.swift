import Files
import Foundation
import TestSupport
import Testing

@Suite struct RecordWriterTests {
    @Test func aRecordStandsBetweenItsLengthAndItsChecksum() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a/records")
            let writer = try RecordWriter(creating: url)
            try writer.append(Array("123456789".utf8))
            try writer.append([])
            try writer.synchronize()
            let bytes = [UInt8](try Data(contentsOf: url))
            func number(_ at: Int, _ count: Int) -> UInt64 {
                bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            #expect(number(0, 8) == 9)
            #expect(number(8, 4) == UInt64(CRC32C.masked(bytes[0..<8])))
            #expect(Array(bytes[12..<21]) == Array("123456789".utf8))
            // masked(0xE3069283) = rotated right by 15, plus 0xA282EAD8
            #expect(number(21, 4) == UInt64((0xE306_9283 as UInt32 >> 15 | 0xE306_9283 << 17) &+ 0xA282_EAD8))
            #expect(bytes.count == 12 + 9 + 4 + 12 + 4)
        }
    }

    @Test func aFileThatIsThereIsNotOverwritten() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("records")
            try Data("old".utf8).write(to: url)
            #expect(
                thrownText(in: folder) { _ = try RecordWriter(creating: url) } == "…/records: cannot "
                    + "create it: File exists")
            #expect(try Data(contentsOf: url) == Data("old".utf8))
        }
    }
}
