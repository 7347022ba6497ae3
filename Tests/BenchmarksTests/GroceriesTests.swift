import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct GroceriesTests {
    private func write(_ text: String, _ name: String, in folder: URL) throws {
        try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }

    @Test func yesAndNoAreScoredAsPOPEDoes() throws {
        try withTemporaryFolder { folder in
            try write(
                (0..<4).map {
                    "{\"question_id\": \($0), \"image\": \"images/\($0).jpg\", \"text\": \"Is there an "
                        + "apple in the image?\", \"label\": \"\($0 < 2 ? "yes" : "no")\"}\n"
                }.joined(),
                "test_yesno.jsonl", in: folder)
            let benchmark = try GroceriesYesNo(folder: folder)
            #expect(
                benchmark.questions[0].text
                    == "Is there an apple in the image?\nAnswer the question using a single word or phrase.")
            let answers = ["Yes", "No", "Yes", "No"].enumerated().map {
                AnswerRecord(questionID: .integer($0.offset), prompt: nil, text: $0.element)
            }
            // TP 1, FN 1, FP 1, TN 1: precision 1/2, recall 1/2, F1 1/2.
            #expect(try benchmark.score(AnswerFile(name: "a", records: answers)).headline == 50)
            let partial = try benchmark.score(AnswerFile(name: "a", records: Array(answers[1...1])))
            #expect(partial.headline == nil && partial.counts.missing == 3)
            try write(
                "{\"question_id\": 0, \"image\": \"x\", \"text\": \"t\", \"label\": \"maybe\"}\n",
                "test_yesno.jsonl", in: folder)
            #expect(
                thrownText(in: folder) { _ = try GroceriesYesNo(folder: folder) }
                    == "…/test_yesno.jsonl:1: 'label' is \"maybe\", expected \"yes\" or \"no\"")
        }
    }

    @Test func namesAreComparedAfterTheVQANormalization() throws {
        try withTemporaryFolder { folder in
            try write(
                ["Apple", "Sour Cream", "Juice"].enumerated().map {
                    "{\"question_id\": \($0.offset), \"image\": \"i\", \"text\": \"What?\", \"answer\": "
                        + "\"\($0.element)\", \"fine\": \"Royal Gala\", \"category\": \"fruit\"}\n"
                }.joined(),
                "test_vqa.jsonl", in: folder)
            let benchmark = try GroceriesVQA(folder: folder)
            let answers = ["an apple.", "sour-cream", "royal gala"].enumerated().map {
                AnswerRecord(questionID: .integer($0.offset), prompt: nil, text: $0.element)
            }
            let score = try benchmark.score(AnswerFile(name: "a", records: answers))
            #expect(abs((score.headline ?? 0) - 200.0 / 3) < 1e-9)
            #expect(score.details["accuracy_coarse_or_fine"]?.double == 100)
            #expect(
                score.items[2].verdict == "wrong"
                    && score.items[2].explanation.contains(
                        "\"royal gala\" -> \"royal gala\", gold \"Juice\": wrong")
            )
        }
    }

    @Test(.enabled(if: Fixtures.real("groceries") != nil))
    func realPhotographsComeOutOfTheArchive() throws {
        let folder = try #require(Fixtures.real("groceries"))
        for benchmark: any Benchmark in [
            try GroceriesYesNo(folder: folder), try GroceriesVQA(folder: folder),
        ] {
            #expect(benchmark.differenceFromOfficial == nil)
            let questions = Array(benchmark.questions.prefix(5))
            let reader = try ImageReader(for: questions)
            for question in questions {
                #expect(try reader.bytes(of: question)?.starts(with: [0xFF, 0xD8, 0xFF]) == true)
            }
        }
    }

    @Test func anImageThatIsNowhereIsNamed() throws {
        try withTemporaryFolder { folder in
            let question = Question(
                id: .integer(4), text: "t", image: .file(folder.appendingPathComponent("a.jpg")), category: ""
            )
            #expect(
                throws: BenchmarkError.missingImage(
                    file: folder.appendingPathComponent("a.jpg").path, question: "4")
            ) { try ImageReader(for: [question]) }
        }
    }
}
