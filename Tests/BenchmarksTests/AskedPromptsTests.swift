import Benchmarks
import Foundation
import TestSupport
import Testing

/// Ids of two releases are often the same: answers to one are not scored by the other.
@Suite struct AskedPromptsTests {
    private func scores(_ prompts: [String?]) throws -> ModelScores {
        try withTemporaryFolder { folder in
            let data = folder.appendingPathComponent("qa.json")
            let samples = (1...4).map { id in
                #"{"id": "q\#(id)", "conversations": [{"from": "human", "value": "Is there a cat \#(id)?"}, "#
                    + #"{"from": "gpt", "value": "yes"}]}"#
            }
            try "[\(samples.joined(separator: ", "))]".write(to: data, atomically: true, encoding: .utf8)
            let benchmark = try BenchmarkList.open("qa", at: data)
            let records = zip(benchmark.questions, prompts).map {
                AnswerRecord(questionID: $0.id, prompt: $1, text: "yes")
            }
            let answers = folder.appendingPathComponent("answers.jsonl")
            try records.map(\.encodedLine).joined().write(to: answers, atomically: true, encoding: .utf8)
            return ModelScores(model: "m", answers: answers, benchmarks: [benchmark])
        }
    }

    @Test func answersToTheQuestionsAreScored() throws {
        let spaced = (1...4).map { "<image>\n is there  a cat \($0)?\nAnswer with a word." as String? }
        // Between a hint and choices, and the other way round; beginnings that almost fit before them.
        let within = (1...4).map { "Is there, is there a cow?\nIs there a cat \($0)?\nA. yes" as String? }
        let parts = (1...4).map { _ in "there a cat" as String? }
        let plain = (1...4).map { "Is there a cat \($0)?" as String? }
        for prompts in [plain, spaced, within, parts, [nil, nil, nil, nil]] {
            let scores = try scores(prompts)
            #expect(scores.failures.isEmpty && scores.notices.isEmpty, "\(scores.notices)")
        }
    }

    @Test func answersToOthersAreRefusedOrSaid() throws {
        let one = try scores(["Is it a dog?"] + (2...4).map { "Is there a cat \($0)?" })
        #expect(one.failures.isEmpty && one.notices.contains { $0.contains("1 of 4 answers were given to") })
        let all = try scores((1...4).map { "Is there a dog \($0)?" })
        #expect(all.failures.first?.reason.contains("the answer was given to 'Is there a dog 1?'") == true)
        #expect(all.failures.first?.reason.contains("4 of 4") == true)
    }
}
