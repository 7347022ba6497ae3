import Answering
import Files
import Foundation
import TestSupport
import Testing

/// write-answers itself, from its options to its receipt.
@Suite struct WriteAnswersProcessTests {
    private static let stage = StageProcess("write-answers")

    @Test(.enabled(if: stage != nil, "write-answers is not built beside the tests"))
    func answersAReceiptAndNothingElseAreWritten() throws {
        let stage = try #require(Self.stage)
        try withTemporaryFolder { folder in
            let tiny = try TinyConversations(in: folder)
            let out = folder.appendingPathComponent("out")
            let arguments = [
                "--model", tiny.model.path, "--data", tiny.data.path, "--images", tiny.images.path, "--out",
                out.path, "--set", "maximum_new_tokens=6", "--set", "filter.keeps_cut=true", "--set",
                "system=",
            ]
            let first = try stage.run(arguments)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.errors.contains("9 conversations of 9 samples (0 skipped, 0 without"))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: out.path).sorted()
                    == ["answers.json", "drawn.jsonl", "receipt.json"])
            let again = try stage.run(arguments)
            #expect(again.status == 0 && again.errors.contains("is up to date"))
            // Nothing ends within one token.
            let none = try stage.run(
                arguments + ["--set", "filter.keeps_cut=false", "--set", "maximum_new_tokens=1"])
            #expect(none.status == 65 && none.errors.contains("no answer is kept"), "\(none.errors)")
        }
    }
}
