import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct ScienceQATests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("scienceqa") where golden.has("problems.json") {
            let benchmark = try ScienceQA(folder: golden.data)
            let problems = try Golden.json(golden.data.appendingPathComponent("problems.json"))
            #expect(golden.cases.count == 5 || !golden.isOwn)
            for (name, answers, expected) in golden.cases {
                let score = try benchmark.score(AnswerFile(answers))
                #expect(
                    Golden.differences(
                        expected, try Golden.details(score), ignoring: ["file", "items", "stdout"]) == [],
                    "\(name)")
                #expect(abs((score.headline ?? -1) - (expected[golden.headline] as? Double ?? -2)) < 1e-9)
                let items = expected["items"] as? [String: [String: Any]] ?? [:]
                #expect(items.count == score.items.count)
                for item in score.items {
                    let wanted = items[item.id.description] ?? [:]
                    #expect(
                        item.extracted ?? "FAILED" == wanted["parsed"] as? String,
                        "\(name) \(item.explanation)")
                    #expect((item.credit == 1) == (wanted["correct"] as? Bool), "\(name) \(item.explanation)")
                    #expect(
                        (item.group == "image") == (wanted["is_multimodal"] as? Bool),
                        "\(name) \(item.explanation)")
                    let choices =
                        (problems[item.id.description] as? [String: Any])?["choices"] as? [String] ?? []
                    #expect(
                        ScienceQA.index(of: item.extracted, choices: choices.count) == wanted["index"] as? Int
                    )
                }
            }
            #expect(golden.vectors.count == 48 || !golden.isOwn)
            for vector in golden.vectors {
                let text = vector["text"] as? String ?? ""
                let letter = ScienceQA.letter(in: text)
                #expect(letter ?? "FAILED" == vector["parsed"] as? String, "\(text)")
                #expect(ScienceQA.index(of: letter, choices: 5) == vector["index_of_5"] as? Int, "\(text)")
            }
        }
    }

    @Test func questionsAreWhatTheReferenceAsksWithAndWithoutTheQuestionFile() throws {
        for golden in try Golden.all("scienceqa") where golden.hasPrompts && golden.hasBoth {
            let asked = try ScienceQA(folder: golden.data)
            #expect(golden.promptDifferences(asked) == [])
            #expect(asked.notices == [])
            try withTemporaryFolder { folder in
                try copy(["problems.json", "pid_splits.json"], from: golden.data, to: folder)
                #expect(golden.promptDifferences(try ScienceQA(folder: folder)) == [])
            }
        }
    }

    @Test func aProblemThatTheSplitHasTwiceIsRefused() throws {
        for golden in try Golden.all("scienceqa") where golden.isOwn && golden.has("problems.json") {
            try withTemporaryFolder { folder in
                try copy(["problems.json", "pid_splits.json"], from: golden.data, to: folder)
                let url = folder.appendingPathComponent("pid_splits.json")
                var splits = try Golden.json(url)
                let ids = try #require(splits["test"] as? [String])
                splits["test"] = ids + [ids[1]]
                try JSONSerialization.data(withJSONObject: splits).write(to: url)
                #expect { _ = try ScienceQA(folder: folder) } throws: {
                    "\($0)".contains("\"\(ids[1])\" more than once")
                }
            }
        }
    }

    @Test func theQuestionFileAloneGivesTheSameScores() throws {
        for golden in try Golden.all("scienceqa") where golden.has("llava_test_CQM-A.json") {
            try withTemporaryFolder { folder in
                try copy(["llava_test_CQM-A.json"], from: golden.data, to: folder)
                let benchmark = try ScienceQA(folder: folder)
                #expect(benchmark.notices.contains { $0.contains("gold letters are taken from") })
                for (name, answers, expected) in golden.cases {
                    let score = try benchmark.score(AnswerFile(answers))
                    #expect(
                        Golden.differences(
                            expected, try Golden.details(score), ignoring: ["file", "items", "stdout"]) == [],
                        "\(name)")
                }
            }
        }
    }

    @Test(.enabled(if: Fixtures.real("benchmarks/scienceqa") != nil))
    func published13BAnswersGiveThePublishedScore() throws {
        let folder = try #require(Fixtures.real("benchmarks/scienceqa"))
        let benchmark = try ScienceQA(folder: folder)
        let score = try benchmark.score(
            AnswerFile(folder.appendingPathComponent("answers_llava-v1.5-13b.jsonl")))
        let details = try Golden.details(score)
        #expect(abs((details["accuracy"] as? Double ?? 0) - 74.39283187927376) < 1e-9)
        #expect(abs((score.headline ?? 0) - 71.64105106593951) < 1e-9)
        #expect(benchmark.differenceFromOfficial == nil)
        let parsed =
            try Golden.json(folder.appendingPathComponent("expected_llava-v1.5-13b.json"))["parsed"]
            as? [String: String] ?? [:]
        #expect(parsed.count == score.items.count)
        for item in score.items { #expect(item.extracted ?? "FAILED" == parsed[item.id.description]) }
    }

    @Test func aProblemFileThatIsCutShortIsNamed() throws {
        let golden = try #require(try Golden.all("scienceqa").first)
        try withTemporaryFolder { folder in
            try copy(["problems.json", "pid_splits.json"], from: golden.data, to: folder)
            let url = folder.appendingPathComponent("pid_splits.json")
            let text = try String(contentsOf: url, encoding: .utf8).replacingOccurrences(
                of: "\"21\"", with: "\"99999\"")
            try text.write(to: url, atomically: true, encoding: .utf8)
            #expect(
                thrownText(in: folder) { _ = try ScienceQA(folder: folder) } == "…/problems.json: no "
                    + "problem '99999' of the test split in pid_splits.json, expected all 24; the file "
                    + "is cut "
                    + "short or of another version; download it again or remove it to use the letters of "
                    + "llava_test_CQM-A.json")
        }
    }
}

extension Golden {
    /// Whether both the release and LLaVA's question file are there.
    fileprivate var hasBoth: Bool { has("problems.json") && has("llava_test_CQM-A.json") }
}
