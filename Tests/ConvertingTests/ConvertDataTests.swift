import Converting
import Files
import Foundation
import TestSupport
import Testing

/// The stage itself.
@Suite struct ConvertDataTests {
    private static let stage = StageProcess("convert-data")

    private let line = """
        {"image": "1.jpg", "image_link": "http://x/train2017/1.jpg", "caption": "A cat is here.", "label": 1}
        """

    @Test(.enabled(if: stage != nil, "convert-data is not built beside the tests"))
    func aConversionIsCountedInItsReceiptAndNotRepeated() throws {
        guard let stage = Self.stage else { return }
        try withTemporaryFolder { folder in
            _ = try SmallSets(folder, ["vsr/random/train.jsonl": "\(line)\n{}\n"])
            let out = folder.appendingPathComponent("out")
            let arguments = [
                "--from", "vsr", "--data", folder.appendingPathComponent("vsr").path, "--out", out.path,
            ]
            let strict = try stage.run(arguments)
            #expect(strict.status == 65)
            #expect(strict.errors.contains("line 2: 'caption' is missing, expected a string; correct it"))

            let first = try stage.run(arguments + ["--set", "on_bad_sample=skip", "--json"])
            #expect(first.status == 0, "\(first.errors)")
            let summary = try JSONValue(parsing: Array(first.output.utf8))
            #expect(
                summary["counts"]
                    == ["rows": 2, "samples": 1, "with_image": 1, "skipped": 1, "left_out": 0])
            let again = try stage.run(arguments + ["--set", "on_bad_sample=skip"])
            #expect(again.errors.hasSuffix("out is up to date\n"))

            let other = try stage.run(
                arguments + ["--set", "on_bad_sample=skip", "--set", "statement=Is it so? {statement}"])
            #expect(other.errors.contains("1 samples of 2 rows (1 skipped, 0 of other splits or kinds)"))
        }
    }

    @Test(.enabled(if: stage != nil, "convert-data is not built beside the tests"))
    func whatCannotBeConvertedIsSaid() throws {
        guard let stage = Self.stage else { return }
        let nowhere = ["--data", "/nowhere/gqa", "--out", "/nowhere/out"]
        for (set, status, text) in [
            ("sciensqa", 64, "--from 'sciensqa': no such data set; did you mean scienceqa"),
            ("llava-mix665k", 64, "there is nothing to convert: pack-shards --data /nowhere/gqa/llava_v1_5"),
            ("gqa", 66, "/nowhere/gqa: has no train_balanced_questions.json; fetch questions1.2.zip"),
        ] as [(String, Int32, String)] {
            let found = try stage.run(["--from", set] + nowhere)
            #expect(found.status == status)
            #expect(found.errors.contains(text), "\(found.errors)")
        }
    }
}
