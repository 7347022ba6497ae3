import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct AnswerFileTests {
    private func read(_ text: String) throws -> AnswerFile {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("answers.jsonl")
            try Data(text.utf8).write(to: url)
            return try AnswerFile(url)
        }
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let texts = [
            "Yes", "", "tab\tline\n\"quote\" \\ \u{7F}", "caf\u{E9} cafe\u{301} \u{2028}\u{85} \u{1F600}",
            "\u{0}",
        ]
        let options = [Question.Option(letter: "A", text: "oar"), Question.Option(letter: "B", text: "rope")]
        let questions = [
            Question(id: .integer(-7), text: "t", savedPrompt: "p", image: .none, category: "c"),
            Question(id: .string("7"), text: "t", image: .none, category: "c", options: options),
        ]
        let records = questions.flatMap { question in
            texts.map { AnswerRecord(answering: question, text: $0, modelID: "m") }
        }
        let back = try read(records.map(\.encodedLine).joined()).records
        #expect(back.count == records.count)
        for (record, made) in zip(back, records) {
            #expect(
                record.questionID == made.questionID && Golden.same(record.text, made.text)
                    && record.prompt == made.prompt)
            #expect(
                record.answerID == made.answerID && record.modelID == "m"
                    && record.options.map(\.text) == made.options.map(\.text))
        }
        #expect(Set(records.map(\.answerID)).count == records.count)
        // Foundation reads the same.
        let object =
            try JSONSerialization.jsonObject(with: Data(records[8].encodedLine.utf8)) as? [String: Any]
        #expect(
            Golden.same(object?["text"] as? String, texts[3])
                && object?["option_char"] as? [String] == ["A", "B"])
    }

    @Test func linesEndAtLineFeedsOnlyAndUnknownFieldsAreIgnored() throws {
        let file = try read(
            "{\"question_id\": 1, \"text\": \"a\u{2028}b\u{85}c\", \"x\": [1, {\"y\": "
                + "null}]}\r\n\n{\"question_id\": \"1\", \"text\": \"\\u00e9\\ud83d\\ude00\", \"prompt\": "
                + "null}"
        )
        #expect(file.records.map(\.questionID) == [.integer(1), .string("1")])
        #expect(
            Golden.same(file.records[0].text, "a\u{2028}b\u{85}c")
                && Golden.same(file.records[1].text, "\u{E9}\u{1F600}"))
        #expect(file.records.map(\.line) == [1, 3] && file.records[1].prompt == nil)
    }

    @Test func damageIsNamedWithFileLineAndField() throws {
        let good = "{\"question_id\": 1, \"text\": \"a\"}\n"
        func error(_ line: String) throws -> String {
            try withTemporaryFolder { folder in
                let url = folder.appendingPathComponent("a.jsonl")
                try Data((good + line).utf8).write(to: url)
                return thrownText(in: folder) { _ = try AnswerFile(url) }
            }
        }
        #expect(
            try error("{\"question_id\": 2, \"text\": \"b") == "…/a.jsonl: not valid JSON (line 2, byte "
                + "29: the text ends inside a string (was the file cut off?)), expected a closing quote")
        #expect(
            try error("{\"question_id\": 2, ") == "…/a.jsonl: not valid JSON (line 2, byte 19: the text "
                + "ends in the middle of a value (was the file cut off?)), expected a key in quotes")
        #expect(try error("{\"question_id\": 2}") == "…/a.jsonl:2: 'text' is missing, expected a string")
        #expect(
            try error("{\"question_id\": 2.5, \"text\": \"\"}") == "…/a.jsonl:2: 'question_id' is 2.5, "
                + "expected an integer or a string")
        #expect(
            try error("{\"question_id\": 2, \"text\": 3}") == "…/a.jsonl:2: 'text' is 3, expected a "
                + "string")
        #expect(try error("[1]") == "…/a.jsonl:2: is [1], expected an object")
        #expect(
            try error("{\"question_id\": 1, \"text\": \"a\"} {") == "…/a.jsonl: not valid JSON (line 2, "
                + "byte 32: there is more text after the end of the value), expected the end of the file")
        #expect(
            try error(String(repeating: "[", count: 100_000)) == "…/a.jsonl: not valid JSON (line 2, "
                + "byte 256: values are nested more than 256 deep), expected at most 256 nested levels")
        #expect(
            thrownText { _ = try AnswerFile(URL(fileURLWithPath: "/nowhere/a.jsonl")) }
                == "/nowhere/a.jsonl: no such file or folder; check the path, or run the stage that makes it")
    }

    @Test func decodedTextIsCleanedAsTheReferenceDoes() throws {
        for folder in Fixtures.cases("benchmarks", with: "expected.json")
        where folder.lastPathComponent == "postprocess" {
            var count = 0
            for (kind, vectors) in try Golden.json(folder.appendingPathComponent("expected.json")) {
                let rules =
                    kind.contains("science")
                    ? [ScienceQA.answering]
                    : kind.contains("mmbench")
                        ? [MMBench.answering]
                        : [GQA.answering, TextVQA.answering, POPE.answering, MME.answering]
                for vector in vectors as? [[String: String]] ?? [] {
                    for rule in rules {
                        #expect(
                            Golden.same(rule.clean(vector["raw"] ?? ""), vector["saved"]), "\(kind) \(vector)"
                        )
                    }
                    count += 1
                }
            }
            #expect(count == 33 || !Fixtures.isOwn(folder))
        }
    }

    @Test func scoringTenThousandAnswersIsNoMatterOfMinutes() throws {
        let golden = try #require(try Golden.all("textvqa").first)
        let benchmark = try TextVQA(folder: golden.data)
        let pope = try #require(try Golden.all("mmbench").first)
        let choices = try MMBench(folder: pope.data)
        let questions = benchmark.questions
        let lines = (0..<10_000).map { index in
            AnswerRecord(
                answering: questions[index % questions.count],
                text: "The answer no. \(index), I think, is what's on it!", modelID: "m"
            ).encodedLine
        }.joined()
        let clock = ContinuousClock()
        var score: BenchmarkScore?
        let time = try clock.measure { score = try benchmark.score(try read(lines)) }
        #expect(score?.counts.scored == 10_000)
        #expect(time < .seconds(30), "\(time)")
        let rows = (0..<10_000).map {
            AnswerRecord(
                questionID: .integer($0), prompt: nil, text: "I think that (A). a lantern is in \($0)")
        }
        let circular = try clock.measure { _ = try choices.score(AnswerFile(name: "a", records: rows)) }
        #expect(circular < .seconds(2), "\(circular)")
    }
}
