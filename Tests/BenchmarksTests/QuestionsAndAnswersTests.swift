import Benchmarks
import Files
import Foundation
import TestSupport
import Testing
import Text

@Suite struct QuestionsAndAnswersTests {
    /// A test set of these records, one a line.
    private func testSet(
        _ records: [JSONValue], name: String = "qa", in folder: URL
    ) throws -> any Benchmark {
        let lines = records.map { $0.text(.line) + "\n" }.joined()
        try lines.write(to: folder.appendingPathComponent("test.json"), atomically: true, encoding: .utf8)
        return try BenchmarkList.open(name, at: folder)
    }

    private func score(_ benchmark: any Benchmark, _ texts: [String]) throws -> BenchmarkScore {
        let records = zip(benchmark.questions, texts).map { question, text in
            AnswerRecord(answering: question, text: text, modelID: "m")
        }
        return try benchmark.score(AnswerFile(name: "a", records: records))
    }

    @Test func everyTurnIsAskedAfterTheTurnsBeforeIt() throws {
        try withTemporaryFolder { folder in
            let benchmark = try testSet(
                [
                    [
                        "id": "a", "image": "a.jpg", "category": "fruit",
                        "conversations": [
                            ["from": "human", "value": "What?\n<image>"], ["from": "gpt", "value": "Apple"],
                            ["from": "human", "value": "Which?"], ["from": "gpt", "value": "Royal Gala"],
                        ],
                    ],
                    [
                        "id": "a",
                        "conversations": [
                            ["from": "human", "value": "2 + 2?"], ["from": "gpt", "value": "4"],
                        ],
                    ],
                ], in: folder)
            #expect(benchmark.questions.map(\.text) == ["What?", "Which?", "2 + 2?"])
            #expect(benchmark.questions.map(\.id) == [.integer(0), .integer(1), .integer(2)])
            #expect(benchmark.questions.map(\.hasImage) == [true, false, false])
            #expect(benchmark.questions.map(\.image.isNone) == [false, false, true])
            let before = Exchange(hasImage: true, question: "What?", answer: "Apple")
            #expect(benchmark.questions.map(\.history) == [[], [before], []])
            #expect(
                benchmark.questions[1].conversation.hasSuffix(
                    "USER: <image>\nWhat? ASSISTANT: Apple<|endoftext|>USER: Which? ASSISTANT:"))
            let score = try score(benchmark, ["an apple.", "Gala", "4"])
            #expect(abs((score.headline ?? 0) - 200.0 / 3) < 1e-9)
            #expect(score.details["categories", "fruit", "accuracy"]?.double == 50)
            #expect(score.headlineName == "mean of exact match and token F1 x 100")
        }
    }

    /// The normalization takes articles away, and the letter A with them.
    @Test func anAnswerThatIsAnArticleIsComparedAsItStands() throws {
        try withTemporaryFolder { folder in
            let records = ["A", "A", "A", "a", "B", "The"].map { answer -> JSONValue in
                ["text": "Which?", "answer": .string(answer)]
            }
            let score = try score(try testSet(records, in: folder), ["A", "", "The", " A.", "", "the "])
            #expect(score.items.map(\.credit) == [1, 0, 0, 0, 0, 1])
            #expect(QuestionsAndAnswers.agreement(of: "", with: "A") == 0)
            #expect(QuestionsAndAnswers.agreement(of: "a", with: "A") == 1)
        }
    }

    @Test func aPictureThatIsNotNamedIsNotAskedAbout() throws {
        try withTemporaryFolder { folder in
            for (record, problem) in [
                (
                    ["text": "<image>\nWhich?", "answer": "B"],
                    "'text' is <image>, and the record names no"
                ),
                (["text": "Which?", "image": "", "answer": "B"], "'image' is \"\""),
            ] as [(JSONValue, String)] {
                #expect { _ = try testSet([record], in: folder) } throws: {
                    "\($0)".contains(problem) && "\($0)".contains("test.json")
                }
            }
        }
    }

    @Test func severalAnswersAreRightAndLongOnesHaveTheF1OfTheirWords() throws {
        try withTemporaryFolder { folder in
            let long = "red fruit of a tree that grows in cool lands"  // 9 words without the article
            let benchmark = try testSet(
                [
                    ["question_id": 7, "text": "What?", "answers": ["soda", "Sour Cream"]],
                    ["question_id": 8, "question": "Describe.", "answer": .string(long)],
                ], in: folder)
            #expect(benchmark.answering.maximumNewTokens == 512)
            // Of 9 words and 3, 2 are common: F1 is 2 * 2 / 12.
            let score = try score(benchmark, ["sour-cream", "a red car tree"])
            #expect(score.details["exact_match", "accuracy"]?.double == 100)
            #expect(abs((score.details["token_f1", "accuracy"]?.double ?? 0) - 100.0 / 3) < 1e-9)
            #expect(abs((score.headline ?? 0) - 200.0 / 3) < 1e-9)
            #expect(score.items.map(\.id) == [.integer(7), .integer(8)])
        }
    }

    @Test func agreementIsTheCreditOfOneRightAnswer() {
        func agreement(_ answer: String, _ reference: String) -> Double {
            QuestionsAndAnswers.agreement(of: answer, with: reference)
        }
        #expect(agreement("Yes, there is.", "yes") == 1 && agreement("There is.", "yes") == 0)
        #expect(agreement("The two red circles!", "2 red circles") == 1)
        #expect(agreement("two circles", "2 red circles") == 0)
        // Nine words without the article, of which three are said among four.
        let long = "a dog runs over green grass and looks at people"
        #expect(abs(agreement("dog on green grass", long) - 2 * 3 / 13.0) < 1e-12)
    }

    @Test func whatSaysNeitherYesNorNoIsWrongAndCounted() throws {
        try withTemporaryFolder { folder in
            let benchmark = try testSet(
                (0..<4).map {
                    [
                        "question_id": .int($0), "text": "Is it?", "image": "a",
                        "label": .string($0 < 2 ? "yes" : "no"),
                    ]
                }, in: folder)
            #expect(
                benchmark.questions[0].text
                    == "Is it?\nAnswer the question using a single word or phrase.")
            // TP 1, FN 1 (silence), FP 1 (perhaps), TN 1.
            let score = try score(benchmark, ["Yes, it is", "", "perhaps", "It is not."])
            #expect(score.headline == 50 && score.headlineName == "F1 x 100")
            #expect(
                score.notices == [
                    "1 of 4 answers are empty: they count as wrong",
                    "1 of 4 answers say neither yes nor no: they count as wrong",
                ])
            #expect(try self.score(benchmark, ["", "", "", ""]).headline == nil)
        }
    }

    @Test func whatCannotBeAskedIsNamed() throws {
        try withTemporaryFolder { folder in
            func problem(_ records: [JSONValue]) -> String {
                thrownText(in: folder) { _ = try testSet(records, in: folder) }
            }
            #expect(
                problem([["question_id": 1, "text": "t", "label": "maybe"]])
                    == "…/test.json: line 1: 'label' is \"maybe\", expected \"yes\" or \"no\"")
            #expect(
                problem([["question_id": 1, "text": "t", "answers": []]])
                    == "…/test.json: line 1: 'answers' is [], expected at least one answer, and none of them "
                    + "empty")
            #expect(
                problem([["conversations": [["from": "human", "value": "t"]]]])
                    == "…/test.json: line 1: turn 0, the last, is a question without an answer; mend or "
                    + "remove the record")
            let twice: JSONValue = ["question_id": 1, "text": "t", "answer": "a"]
            #expect(
                problem([twice, twice])
                    == "…/test.json: 'question_id' is 1 more than once, expected an id of its own for every "
                    + "question")
        }
    }

    /// A shared image is computed once: two that are not the same must not be taken for one.
    @Test func imagesAreOneByTheirNamesBytes() {
        let archive = URL(fileURLWithPath: "/data/images.zip")
        func identity(_ name: String) -> String? { ImageSource.archive(archive, member: name).identity }
        #expect(identity("caf\u{e9}.jpg") == identity("caf\u{e9}.jpg"))
        #expect(identity("caf\u{e9}.jpg") != identity("cafe\u{301}.jpg"))
        #expect(ImageSource.bytes([1, 2]).identity == ImageSource.bytes([1, 2]).identity)
        #expect(ImageSource.bytes([1, 2]).identity != ImageSource.bytes([1, 3]).identity)
        #expect(ImageSource.none.identity == nil)
    }

    @Test func aFolderOfBenchmarksThatIsNotThereIsNamed() {
        let nowhere = URL(fileURLWithPath: "/nowhere/benchmarks")
        #expect(
            throws: BenchmarkError.unreadable(
                file: nowhere.path, reason: "no such folder of benchmarks")
        ) { try BenchmarkFolders(named: [], parent: nowhere) }
    }

    @Test func aFolderOfSeveralFilesWantsOneOfThemNamed() throws {
        try withTemporaryFolder { folder in
            let record = "{\"question_id\": 1, \"text\": \"t\", \"answer\": \"a\"}\n"
            for name in ["one.json", "two.jsonl"] {
                try record.write(
                    to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
            }
            #expect(
                throws: BenchmarkError.unclearFile(
                    folder: folder.path, candidates: ["one.json", "two.jsonl"])
            ) { try BenchmarkList.open("qa", at: folder) }
            let named = try BenchmarkList.open(
                "qa-kinds", at: folder.appendingPathComponent("two.jsonl"))
            #expect(named.title == "QA kinds" && named.texts == ["two.jsonl"] && named.manifest == nil)
            #expect(
                BenchmarkList.inOrder(["qa-b", "qa", "pope", "groceries-vqa", "qa-a"])
                    == ["pope", "groceries-vqa", "qa", "qa-a", "qa-b"])
        }
    }
}
