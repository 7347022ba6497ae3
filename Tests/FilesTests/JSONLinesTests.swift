import Files
import Foundation
import TestSupport
import Testing

@Suite struct JSONLinesTests {
    private func lines(_ text: String, limit: Int = 1 << 20) throws -> [(Int, Int, String, Bool)] {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.jsonl")
            try AtomicOutput.writeAtomically(text, to: url)
            var found: [(Int, Int, String, Bool)] = []
            try JSONLines.forEach(of: url, lineLimit: limit) {
                found.append(($0.number, $0.offset, $0.text, $0.isComplete))
            }
            return found
        }
    }

    @Test func onlyALineFeedEndsALine() throws {
        let found = try lines("{\"a\":\"x\u{2028}y\"}\n\n\r\n{\"é\":1}\r\n[2]")
        #expect(found.map(\.0) == [1, 4, 5])
        #expect(found.map(\.1) == [0, 17, 27])
        #expect(found.map(\.2) == ["{\"a\":\"x\u{2028}y\"}", "{\"é\":1}\r", "[2]"])
        #expect(found.map(\.3) == [true, true, false])
    }

    @Test func linesLongerThanABlockAreWhole() throws {
        let long = String(repeating: "abcdefg", count: 100_000)
        let found = try lines("1\n\(long)\n2\n")
        #expect(found.map(\.2) == ["1", long, "2"])
        #expect(found.map(\.1) == [0, 2, 700_003])
        #expect(
            thrownText { _ = try lines("1\n\(long)\n", limit: 1000) }.hasSuffix(
                ": line 2 has more than the 1000 bytes allowed here; ALIGN_TI_LIMITS='record_bytes=…' "
                    + "allows more, see docs/limits.md"))
    }

    @Test func invalidUTF8IsNamedByLineAndOffset() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.jsonl")
            try AtomicOutput.writeAtomically(Array("{}\n{}\n".utf8) + [0xff, 10], to: url)
            #expect(
                throws: FilesError.corrupt(path: url.path, offset: 6, problem: "line 3 is not valid UTF-8")
            ) { try JSONLines.forEach(of: url) { _ in } }
        }
    }

    @Test func anUnfinishedLineIsFoundAndCut() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.jsonl")
            try AtomicOutput.writeAtomically("{}\n{\"a\":1}\n{\"b", to: url)
            let state = try JSONLines.wholeLines(of: url)
            #expect(state == (bytes: 11, lines: 2, excess: 3))
            #expect(try JSONLines.repair(url) == 3)
            #expect(try String(contentsOf: url, encoding: .utf8) == "{}\n{\"a\":1}\n")
            #expect(try JSONLines.repair(url) == 0)
        }
    }
}
