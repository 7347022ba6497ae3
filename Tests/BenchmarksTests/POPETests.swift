import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct POPETests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("pope") {
            let benchmark = try POPE(folder: golden.data)
            #expect(golden.cases.count == 5 || !golden.isOwn)
            for (name, answers, expected) in golden.cases {
                let score = try benchmark.score(AnswerFile(answers))
                let details = try Golden.details(score)
                #expect(
                    Golden.differences(expected, details, ignoring: ["file", "items", "summary", "raises"])
                        == [], "\(name)")
                for (subset, wanted) in expected["categories"] as? [String: [String: Any]] ?? [:]
                where wanted["raises"] != nil {
                    #expect(
                        score.details["categories", subset, "f1"]?.encoded() == "null", "\(name) \(subset)")
                    #expect(score.headline == nil && score.notices.contains { $0.contains("undefined") })
                }
                if let headline = expected[golden.headline] as? Double {
                    #expect(abs((score.headline ?? -1) - headline) < 1e-9)
                }
                let items = expected["items"] as? [String: String] ?? [:]
                #expect(items.count == score.items.count)
                for item in score.items {
                    #expect(item.extracted == items[item.id.description], "\(name) \(item.explanation)")
                }
            }
            #expect(golden.vectors.count == 40 || !golden.isOwn)
            for vector in golden.vectors {
                let text = vector["text"] as? String ?? ""
                #expect((YesNoCounts.saysYes(text) ? "yes" : "no") == vector["answer"] as? String, "\(text)")
            }
        }
    }

    @Test func questionsAreWhatTheReferenceAsksWithAndWithoutTheQuestionFile() throws {
        for golden in try Golden.all("pope") where golden.hasPrompts {
            #expect(golden.promptDifferences(try POPE(folder: golden.data)) == [])
            try withTemporaryFolder { folder in
                try copy(["coco"], from: golden.data, to: folder)
                #expect(golden.promptDifferences(try POPE(folder: folder)) == [])
            }
        }
    }

    @Test(.enabled(if: Fixtures.real("benchmarks/pope") != nil))
    func published13BAnswersGiveThePublishedF1() throws {
        let real = try #require(Fixtures.real("benchmarks/pope"))
        try withTemporaryFolder { folder in
            for subset in ["random", "popular", "adversarial"] {
                try FileManager.default.createDirectory(
                    at: folder.appendingPathComponent("coco"), withIntermediateDirectories: true)
                try FileManager.default.copyItem(
                    at: real.appendingPathComponent("coco_pope_\(subset).json"),
                    to: folder.appendingPathComponent("coco/coco_pope_\(subset).json"))
            }
            try copy(["llava_pope_test.jsonl"], from: real, to: folder)
            let benchmark = try POPE(folder: folder)
            #expect(benchmark.differenceFromOfficial == nil)
            let score = try benchmark.score(
                AnswerFile(real.appendingPathComponent("answers_llava-v1.5-13b.jsonl")))
            var expected = try Golden.json(real.appendingPathComponent("expected_llava-v1.5-13b.json"))
            let mean = try #require(expected.removeValue(forKey: "mean_f1") as? Double)
            #expect(abs((score.headline ?? 0) - 100 * mean) < 1e-9)
            let found = (try Golden.details(score))["categories"] as? [String: Any] ?? [:]
            #expect(Golden.differences(expected, found, ignoring: ["n"]) == [])
            func percent(_ subset: String) -> String {
                ScoreTable.printed((score.details["categories", subset, "f1"]?.double ?? 0) * 100)
            }
            #expect(
                [percent("random"), percent("popular"), percent("adversarial")] == ["87.1", "86.2", "84.5"])
        }
    }

    @Test func labelsOfAnotherVersionAreNamedWithTheirCount() throws {
        let golden = try #require(try Golden.all("pope").first)
        try withTemporaryFolder { folder in
            try copy(["coco", "llava_pope_test.jsonl"], from: golden.data, to: folder)
            let url = folder.appendingPathComponent("coco/coco_pope_random.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            let more =
                text + (text.hasSuffix("\n") ? "" : "\n")
                + #"{"question_id": 12, "image": "COCO_val2014_000000900101.jpg", "text": "Is there a van "#
                + #"in the image?", "label": "no"}"#
            try more.write(to: url, atomically: true, encoding: .utf8)
            let counted = thrownText(in: folder) { _ = try POPE(folder: folder) }
            #expect(
                counted == "…/coco/coco_pope_random.json: 12 questions, expected 11 as in "
                    + "llava_pope_test.jsonl; the label files are not of the question file's version: take "
                    + "those of the POPE repository at commit e3e39262")
            try text.replacingOccurrences(of: "piano", with: "violin").write(
                to: url, atomically: true, encoding: .utf8)
            let changed = thrownText(in: folder) { _ = try POPE(folder: folder) }
            #expect(
                changed == "…/coco/coco_pope_random.json:2: question 10000002 is \"Is there a violin in "
                    + "the image?\" on COCO_val2014_000000900101.jpg, expected question 10000002 \"Is "
                    + "there a "
                    + "piano in the image?\" on COCO_val2014_000000900101.jpg as in "
                    + "llava_pope_test.jsonl; the "
                    + "label files are not of the question file's version: take those of the POPE "
                    + "repository at "
                    + "commit e3e39262")
            // Without a question file the counts of a manifest tell.
            try FileManager.default.removeItem(at: folder.appendingPathComponent("llava_pope_test.jsonl"))
            let manifest = thrownText(in: folder) {
                try POPE(folder: folder).check(expected: ["random": 2_910])
            }
            #expect(
                manifest == "…/coco/coco_pope_random.json: 11 random, expected 2910; this is another "
                    + "version than the manifest's; see its 'obtain'")
        }
    }

    @Test func answersThatAreIncompleteRepeatedOrOutOfOrderAreRefused() throws {
        let golden = try #require(try Golden.all("pope").first)
        let benchmark = try POPE(folder: golden.data)
        let records = try AnswerFile(golden.folder.appendingPathComponent("predictions/clean.jsonl")).records
        func refusal(_ records: [AnswerRecord]) -> String {
            thrownText { _ = try benchmark.score(AnswerFile(name: "a.jsonl", records: records)) }
        }
        #expect(
            refusal(Array(records.dropFirst(2))) == "a.jsonl: cannot be scored as POPE: of 35 questions "
                + "2 have no answer, the first is 1; 0 answers repeat a question, 0 belong to none; the "
                + "reference pairs answers and labels by position, so answer every question once")
        #expect(
            refusal(records + records.prefix(1)) == "a.jsonl: cannot be scored as POPE: of 35 questions "
                + "0 have no answer; 1 answers repeat a question, 0 belong to none; the reference pairs "
                + "answers "
                + "and labels by position, so answer every question once")
        #expect(
            refusal(records.reversed()) == "a.jsonl:12: 'question_id' is 12, expected 1: answers of the "
                + "adversarial subset must be in the question file's order")
        #expect(refusal(records) == "")
    }

    /// The reference looks at no id of a label file.
    @Test(arguments: [true, false])
    func labelsCountByTheirLine(withQuestionFile: Bool) throws {
        let golden = try #require(try Golden.all("pope").first)
        let answers = try AnswerFile(golden.folder.appendingPathComponent("predictions/clean.jsonl"))
        try withTemporaryFolder { folder in
            let files = ["coco"] + (withQuestionFile ? ["llava_pope_test.jsonl"] : [])
            try copy(files, from: golden.data, to: folder)
            let url = folder.appendingPathComponent("coco/coco_pope_random.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            var number = -1
            let lines = text.split(separator: "\n").map { line in
                number += 1
                return line.replacing(#/"question_id": \d+/#, with: "\"question_id\": \(number)")
            }
            try lines.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
            let benchmark = try POPE(folder: folder)
            let expected = try POPE(folder: golden.data).score(answers).headline
            #expect(try benchmark.score(answers).headline == expected)
            #expect(
                benchmark.notices == [
                    "coco/coco_pope_random.json: 11 ids are not the numbers of their lines, by which labels "
                        + "count here as in the reference"
                ])
        }
    }
}
