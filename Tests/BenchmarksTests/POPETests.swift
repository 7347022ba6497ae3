import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct POPETests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("pope") {
            let benchmark = try POPE(folder: golden.data)
            #expect(golden.cases.count == 5)
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
            #expect(golden.vectors.count >= 40)
            for vector in golden.vectors {
                let text = vector["text"] as? String ?? ""
                #expect((YesNoCounts.saysYes(text) ? "yes" : "no") == vector["answer"] as? String, "\(text)")
            }
        }
    }

    @Test func questionsAreWhatTheReferenceAsksWithAndWithoutTheQuestionFile() throws {
        for golden in try Golden.all("pope") {
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
            let counted = message { _ = try POPE(folder: folder) }
            #expect(
                counted.contains("coco_pope_random.json: 12 questions, expected 11")
                    && counted.contains("e3e39262"))
            try text.replacingOccurrences(of: "piano", with: "violin").write(
                to: url, atomically: true, encoding: .utf8)
            let changed = message { _ = try POPE(folder: folder) }
            #expect(
                changed.contains("coco_pope_random.json:2") && changed.contains("violin")
                    && changed.contains("piano"))
            // Without a question file the counts of a manifest tell.
            try FileManager.default.removeItem(at: folder.appendingPathComponent("llava_pope_test.jsonl"))
            let manifest = message { try POPE(folder: folder).check(expected: ["random": 2_910]) }
            #expect(manifest.contains("coco_pope_random.json: 11 random, expected 2910"))
        }
    }

    @Test func answersThatAreIncompleteRepeatedOrOutOfOrderAreRefused() throws {
        let golden = try #require(try Golden.all("pope").first)
        let benchmark = try POPE(folder: golden.data)
        let records = try AnswerFile(golden.folder.appendingPathComponent("predictions/clean.jsonl")).records
        func refusal(_ records: [AnswerRecord]) -> String {
            message { _ = try benchmark.score(AnswerFile(name: "a.jsonl", records: records)) }
        }
        #expect(
            refusal(Array(records.dropFirst(2))).contains(
                "a.jsonl: cannot be scored as POPE: of 35 questions 2 have no answer, the first is 1"))
        #expect(refusal(records + records.prefix(1)).contains("1 answers repeat a question"))
        #expect(refusal(records.reversed()).contains("question_id"))
        #expect(refusal(records) == "")
    }
}
