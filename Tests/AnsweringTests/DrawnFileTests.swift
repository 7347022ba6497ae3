import Answering
import Files
import Foundation
import TestSupport
import Testing

@Suite struct DrawnFileTests {
    struct Stop: Error {}

    private func bytes(_ tiny: TinyConversations, _ name: String) throws -> [[UInt8]] {
        try [DrawnFile.name, AnswerWriting.file].map {
            try InputBytes.read(tiny.folder.appendingPathComponent("\(name)/\($0)"))
        }
    }

    /// Stopped after the second of five parts, killed in the middle of a line, and once more in the fourth.
    @Test func anInterruptedRunEndsInTheSameBytes() throws {
        try withTemporaryFolder { folder in
            let tiny = try TinyConversations(in: folder)
            let settings = TinyConversations.settings {
                ($0.decoding, $0.samples, $0.samplesAtOnce) = (.sampled, 2, 2)
            }
            try tiny.write(settings, to: "whole")
            for stop in [4, 8] {
                #expect(throws: Stop.self) {
                    try tiny.write(settings, to: "parts") { if $0 == stop { throw Stop() } }
                }
                let file = folder.appendingPathComponent("parts/\(DrawnFile.name)")
                let handle = try FileHandle(forWritingTo: file)
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(#"{"sample": "#.utf8))
                try handle.close()
                let writing = try tiny.writing(settings)
                #expect(try DrawnFile(file, writing).samples == stop)
            }
            var asked: [Int] = []
            try tiny.write(settings, to: "parts") { asked.append($0) }
            #expect(asked == [9])
            #expect(try bytes(tiny, "parts") == bytes(tiny, "whole"))
        }
    }

    @Test func aPartOfWhatIsAnsweredTogetherIsAnsweredAgain() throws {
        try withTemporaryFolder { folder in
            let tiny = try TinyConversations(in: folder)
            let settings = TinyConversations.settings { $0.samplesAtOnce = 4 }
            try tiny.write(settings, to: "out")
            let file = folder.appendingPathComponent("out/\(DrawnFile.name)")
            #expect(try DrawnFile(file, tiny.writing(settings)).samples == 9)
            var coarse = settings
            coarse.samplesAtOnce = 5
            // Cut to seven samples, of which five are whole.
            let lines = try ResumableLines(file)
            try lines.cut(to: 12)
            try lines.close()
            #expect(try DrawnFile(file, tiny.writing(coarse)).samples == 5)
        }
    }

    @Test func aLineSaysAllOfItsAnswers() throws {
        try withTemporaryFolder { folder in
            let tiny = try TinyConversations(in: folder)
            for line in try tiny.drawn(TinyConversations.settings { $0.limit = 3 }) {
                let field = try JSONField(parsing: Array(line.line.utf8), file: "line")
                #expect(try DrawnAnswers(field) == line)
            }
        }
        let skipped = #"{"sample": 3, "id": "x", "skipped": "bad-image", "reason": "why"}"#
        let read = try DrawnAnswers(JSONField(parsing: Array(skipped.utf8), file: "line"))
        #expect(read.badSample?.kind == "bad-image" && read.line == skipped)
        #expect { try DrawnAnswers(JSONField(parsing: Array("{}".utf8), file: "drawn.jsonl")) } throws: {
            "\($0)".contains("drawn.jsonl: 'sample' is missing")
        }
    }
}
