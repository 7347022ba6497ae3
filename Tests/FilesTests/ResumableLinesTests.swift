import Files
import Foundation
import TestSupport
import Testing

/// An interrupted file of lines is gone on with after the last line that is what was written.
@Suite struct ResumableLinesTests {
    private func write(_ lines: [String], to url: URL) throws {
        let file = try ResumableLines(url)
        for line in lines { try file.append(line) }
        try file.close()
    }

    @Test func anotherProcessGoesOnAfterTheLastLine() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("deep/a.jsonl")
            try write(["1", "22", ""], to: url)
            let file = try ResumableLines(url)
            #expect(file.kept == 3 && !file.isDamaged)
            try file.append("4")
            try file.close()
            #expect(try String(contentsOf: url, encoding: .utf8) == "1\n22\n\n4\n")
            let cut = try ResumableLines(url)
            try cut.cut(to: 1)
            try cut.append("two")
            try cut.close()
            #expect(try ResumableLines(url).kept == 2)
            #expect(try String(contentsOf: url, encoding: .utf8) == "1\ntwo\n")
            ResumableLines.finish(url)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
                    == ["a.jsonl"])
            // Without checksums nothing is known of it.
            #expect(try ResumableLines(url).kept == 0)
        }
    }

    @Test func linesOfAnotherRunAreNotGoneOnWith() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.jsonl")
            let file = try ResumableLines(url, of: "one")
            for line in ["1", "2"] { try file.append(line) }
            try file.close()
            #expect(try ResumableLines(url, of: "one").kept == 2)
            let other = try ResumableLines(url, of: "two")
            #expect(other.kept == 0 && other.isDamaged)
        }
    }

    /// Every bit of both files: never a line is kept that was not written, and those before it all are.
    @Test func noFlippedBitIsKept() throws {
        try withTemporaryFolder { folder in
            let lines = ["{\"a\":1}", "{\"a\":22}", "{\"a\":3}"]
            let url = folder.appendingPathComponent("a.jsonl")
            let sums = folder.appendingPathComponent(".a.jsonl.sums")
            try write(lines, to: url)
            let (text, digits) = ([UInt8](try Data(contentsOf: url)), [UInt8](try Data(contentsOf: sums)))
            for (file, bytes) in [(url, text), (sums, digits)] {
                for bit in 0..<(bytes.count * 8) {
                    var changed = bytes
                    changed[bit / 8] ^= 1 << (bit % 8)
                    try Data(text).write(to: url)
                    try Data(digits).write(to: sums)
                    try Data(changed).write(to: file)
                    let kept = try ResumableLines(url).kept
                    let whole = bytes[..<(bit / 8)].count { $0 == 10 }
                    #expect(kept == whole, "\(file.lastPathComponent), bit \(bit)")
                    #expect(
                        try String(contentsOf: url, encoding: .utf8)
                            == lines[..<kept].map { $0 + "\n" }.joined())
                }
            }
        }
    }

    @Test func aKilledProcessLosesTheLineItWasAt() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.jsonl")
            let sums = folder.appendingPathComponent(".a.jsonl.sums")
            try write(["1", "2"], to: url)
            let (text, digits) = ("1\n2\n", try String(contentsOf: sums, encoding: .utf8))
            // In the line, after the line, in the checksum.
            for (more, moreDigits, kept) in [("3", "", 2), ("3\n", "", 2), ("3\n", "0123", 2)] {
                try AtomicOutput.writeAtomically(text + more, to: url)
                try AtomicOutput.writeAtomically(digits + moreDigits, to: sums)
                let file = try ResumableLines(url)
                #expect(file.kept == kept && !file.isDamaged)
                #expect(try String(contentsOf: url, encoding: .utf8) == text)
            }
            try AtomicOutput.writeAtomically("1\n3\n", to: url)
            #expect(try ResumableLines(url).isDamaged)
        }
    }
}
