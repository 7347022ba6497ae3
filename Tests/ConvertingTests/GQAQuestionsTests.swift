import Converting
import Testing

@Suite struct GQAQuestionsTests {
    private func question(_ text: String, _ answer: String, image: String = "2354786") -> String {
        """
        {"semantic": [{"operation": "select", "dependencies": [], "argument": "sky (2486325)"}], \
        "entailed": ["02930160"], "equivalent": ["02930152"], "question": "\(text)", "imageId": "\(image)", \
        "isBalanced": true, "groups": {"global": null, "local": "06-sky_dark"}, "answer": "\(answer)", \
        "semanticStr": "select: sky", "annotations": {"answer": {}, "question": {"2": "2486325"}}, \
        "types": {"detailed": "verifyAttr", "semantic": "attr", "structural": "verify"}, \
        "fullAnswer": "Yes, the sky is dark."}
        """
    }

    private func files(_ members: String...) -> [String: String] {
        ["gqa/train_balanced_questions.json": "{\(members.joined(separator: ", "))}"]
    }

    @Test func theQuestionsAboutAnImageAreOneConversation() throws {
        let found = try converted(
            .gqa,
            files(
                "\"02930152\": \(question("Is the sky dark?", "yes"))",
                "\"07333408\": \(question("What is on the wall?", "pipe", image: "n161313"))",
                "\"07333405\": \(question("Which color is it?", "light blue"))"))
        #expect(
            found.records == [
                record(
                    "gqa-train-2354786", "images/2354786.jpg",
                    #"<image>\nIs the sky dark?\nAnswer the question using a single word or "#
                        + "phrase.",
                    "Yes",
                    "Which color is it?",
                    "Light blue"),
                record(
                    "gqa-train-n161313", "images/n161313.jpg",
                    #"<image>\nWhat is on the wall?\nAnswer the question using a single word or "#
                        + "phrase.",
                    "Pipe"),
            ])
        #expect(found.counts.rows == 3 && found.counts.samples == 2)
    }

    @Test func theBenchmarksQuestionsAreNotConvertedUnlessAskedFor() throws {
        let test = ["gqa/testdev_balanced_questions.json": "{\"1\": \(question("Is it?", "no"))}"]
        #expect(
            try failure(.gqa, test)
                == "…/gqa: has no train_balanced_questions.json; fetch questions1.2.zip (make fetch "
                + "DATASET=gqa) and unpack it there, or give the folder that holds it")
        let found = try converted(.gqa, test) { $0.splits = [.test] }
        #expect(found.samples.map(\.id) == ["gqa-test-2354786"])
        #expect(DataSet.gqa.benchmarkSplit == .test)
    }

    @Test func whatIsWrongIsNamed() throws {
        let end = "; correct it, or set on_bad_sample: skip"
        let place = "…/gqa/train_balanced_questions.json: member '1' at byte 6: "
        #expect(
            try failure(.gqa, files("\"1\": \(question("Is it?", ""))"))
                == place + "'answer' is \"\", expected a text that is not empty" + end)
        #expect(
            try failure(.gqa, files("\"1\": \(question("Is it?", "no", image: "a/b"))"))
                == place + "'imageId' is \"a/b\", expected an id that a file can be named by" + end)
        #expect(
            try failure(.gqa, files(#""1": {"question": "Is it?", "answer": "no", "imageId": 5}"#))
                == place + "'imageId' is 5, expected a string" + end)
        let twice = files("\"1\": \(question("Is it?", "no"))", "\"1\": \(question("Is it?", "yes"))")
        #expect(try failure(.gqa, twice).hasSuffix("a second question '1'" + end))
        let found = try converted(.gqa, twice) { $0.onBadSample = .skip }
        #expect(found.samples[0].turns.map(\.text).last == "No")
        #expect(try found.skipped.map { try summary($0).hasPrefix("duplicate-id 1 member '1' at") } == [true])
    }
}
