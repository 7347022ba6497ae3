import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct MMETests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("mme") {
            let benchmark = try MME(folder: golden.data)
            #expect(golden.cases.count == 5 || !golden.isOwn)
            for (name, answers, expected) in golden.cases {
                let file = try AnswerFile(answers)
                let score = try benchmark.score(file)
                let found = try Golden.details(score)
                #expect(
                    Golden.differences(
                        expected, found, ignoring: ["file", "predicted", "converted_first_line"]) == [],
                    "\(name)")
                #expect(abs((score.headline ?? -1) - (expected[golden.headline] as? Double ?? -2)) < 1e-9)
                for (subtask, wanted) in expected["subtasks"] as? [String: [String: Any]] ?? [:] {
                    let labels = score.items.filter { $0.group == subtask }.map { $0.extracted ?? "" }
                    #expect(labels == wanted["predicted"] as? [String], "\(name) \(subtask)")
                }
                let lines = try benchmark.pair(file).lines
                for (subtask, wanted) in expected["converted_first_line"] as? [String: String] ?? [:] {
                    #expect(lines[subtask]?.first?.encoded == wanted, "\(name) \(subtask)")
                }
            }
            #expect(golden.vectors.count == 43 || !golden.isOwn)
            for vector in golden.vectors {
                let text = vector["text"] as? String ?? ""
                #expect(MMEScorer.label(text).rawValue == vector["label"] as? String, "\(text)")
            }
        }
    }

    @Test func aMarkOfByteOrderIsNoPartOfAQuestion() throws {
        for golden in try Golden.all("mme") where golden.isOwn {
            try withTemporaryFolder { folder in
                try copy(["MME_Benchmark_release_version"], from: golden.data, to: folder)
                let plain = try MME(folder: folder).questions.map(\.text)
                for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                where name.hasSuffix(".txt") {
                    let url = folder.appendingPathComponent(name)
                    try (Data([0xEF, 0xBB, 0xBF]) + Data(contentsOf: url)).write(to: url)
                }
                #expect(try MME(folder: folder).questions.map(\.text) == plain)
            }
        }
    }

    @Test func questionsAreWhatTheReferenceAsks() throws {
        for golden in try Golden.all("mme") where golden.hasPrompts && golden.has("llava_mme.jsonl") {
            let asked = try MME(folder: golden.data)
            #expect(golden.promptDifferences(asked) == [])
            #expect(asked.notices == [])
            try withTemporaryFolder { folder in
                try copy(["MME_Benchmark_release_version"], from: golden.data, to: folder)
                let rebuilt = try MME(folder: folder)
                #expect(
                    rebuilt.questions.map { "\($0.id) \($0.text)" }.sorted()
                        == asked.questions.map { "\($0.id) \($0.text)" }.sorted())
            }
        }
    }

    @Test(.enabled(if: Fixtures.real("benchmarks/mme") != nil))
    func published7BAnswersInOfficialFormGiveTheirScore() throws {
        let folder = try #require(Fixtures.real("benchmarks/mme"))
        let score = try MMEScorer.score(
            officialFolder: folder.appendingPathComponent("answers_llava-v1.5-7b"))
        let expected = try Golden.json(folder.appendingPathComponent("expected_llava-v1.5-7b.json"))
        #expect(abs((score.details["perception"]?.double ?? 0) - 1508.67) < 0.005)
        #expect(abs((score.details["cognition"]?.double ?? 0) - 355.71) < 0.005)
        for (subtask, wanted) in expected["tasks"] as? [String: [String: Double]] ?? [:] {
            #expect(
                abs((score.details["subtasks", subtask, "score"]?.double ?? -1) - (wanted["score"] ?? -2))
                    < 1e-9)
            #expect(
                abs(
                    (score.details["subtasks", subtask, "acc_plus"]?.double ?? -1) * 100
                        - (wanted["accuracy_plus"] ?? -2)) < 1e-9)
        }
        // 22 scene and 2 landmark answers were never published.
        #expect(score.counts.missing == 24 && score.notices.contains { $0.contains("24 of 2374") })
    }

    @Test(.enabled(if: Fixtures.real("benchmarks/mme") != nil))
    func officialQuestionsBecomeTheOnesLLaVAAsks() throws {
        let folder = try #require(Fixtures.real("benchmarks/mme"))
        var asked: Set<String> = []
        for line in try String(contentsOf: folder.appendingPathComponent("llava_mme.jsonl"), encoding: .utf8)
            .split(separator: "\n")
        {
            let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String] ?? [:]
            asked.insert("\(entry["category"] ?? "") \(entry["text"] ?? "")")
        }
        var count = 0
        let answers = folder.appendingPathComponent("answers_llava-v1.5-7b")
        for subtask in MME.officialCounts.keys {
            let text = try String(
                contentsOf: answers.appendingPathComponent("\(subtask).txt"), encoding: .utf8)
            for line in text.split(separator: "\n") {
                let question = line.split(separator: "\t", omittingEmptySubsequences: false)[1]
                #expect(asked.contains("\(subtask) \(MME.userText(String(question)))"), "\(line)")
                count += 1
            }
        }
        #expect(count == 2_350)
    }

    @Test func brokenPairsAndRepeatsAreRefused() throws {
        let golden = try #require(try Golden.all("mme").first)
        let benchmark = try MME(folder: golden.data)
        let records = try AnswerFile(golden.folder.appendingPathComponent("predictions/clean.jsonl")).records
        func refusal(_ records: [AnswerRecord]) -> String {
            thrownText { _ = try benchmark.score(AnswerFile(name: "a.jsonl", records: records)) }
        }
        #expect(refusal(records) == "")
        #expect(
            refusal(Array(records.dropFirst())) == "a.jsonl:2: cannot be scored as MME: the answers on "
                + "commonsense_reasoning/0104.png are not two in a row; the reference takes consecutive "
                + "answers "
                + "as an image's pair")
        #expect(
            refusal(records + records.prefix(2)) == "a.jsonl: cannot be scored as MME: 2 answers repeat "
                + "a question, and the reference takes consecutive answers as a pair; answer each "
                + "question once"
        )
        // Whole images left out: the rest is scored, and the gap is told.
        let score = try benchmark.score(AnswerFile(name: "a.jsonl", records: Array(records.dropFirst(2))))
        #expect(
            score.counts.missing == 2
                && score.notices == [
                    "2 of 56 questions have no answer: not "
                        + "publishable"
                ])
    }

    @Test func lineEndsInAnswersAreReadAsSpacesAndTold() throws {
        let golden = try #require(try Golden.all("mme").first)
        let benchmark = try MME(folder: golden.data)
        let records = try AnswerFile(golden.folder.appendingPathComponent("predictions/clean.jsonl")).records
            .map {
                AnswerRecord(questionID: $0.questionID, prompt: $0.prompt, text: "a\nyes", line: $0.line)
            }
        let score = try benchmark.score(AnswerFile(name: "a", records: records))
        // "a ye" holds neither word.
        #expect(
            score.headline == 0 && score.notices.contains { $0.contains("56 answers hold a tab or line end") }
        )
    }
}
