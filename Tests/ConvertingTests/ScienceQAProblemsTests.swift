import Benchmarks
import Converting
import Foundation
import TestSupport
import Testing

@Suite struct ScienceQAProblemsTests {
    private func problem(
        _ split: String, image: String = "null", hint: String = "", answer: String = "1"
    ) -> String {
        """
        {"question": "Which is a liquid?", "choices": ["rock", "milk", "air"], "answer": \(answer), \
        "hint": "\(hint)", "image": \(image), "task": "closed choice", "grade": "grade2", \
        "subject": "natural science", "topic": "chemistry", "category": "States of matter", "skill": "s", \
        "lecture": "", "solution": "Milk flows.", "split": "\(split)"}
        """
    }

    private func files(_ problems: [String: String], train: [String], test: [String] = []) -> [String: String]
    {
        let members = problems.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
        return [
            "scienceqa/problems.json": "{\(members.joined(separator: ", "))}",
            "scienceqa/pid_splits.json":
                #"{"train": \#(train), "val": [], "test": \#(test), "minitrain": []}"#,
        ]
    }

    @Test func problemsAreAskedWithTheirChoices() throws {
        let found = try converted(
            .scienceQA,
            files(
                [
                    "1": problem("train", image: "\"image.png\"", hint: "Look.\\nNow think."),
                    "2": problem("train", answer: "2"), "3": problem("test"),
                ],
                train: ["2", "1"], test: ["3"]))
        #expect(
            found.records == [
                record(
                    "scienceqa-2", nil,
                    #"Which is a liquid?\nA. rock\nB. milk\nC. air\nAnswer with the option's letter "#
                        + "from the given choices directly.",
                    "C"),
                record(
                    "scienceqa-1", "train/1/image.png",
                    #"<image>\nContext: Look.\nNow think.\nWhich is a liquid?\nA. rock\nB. milk\nC. "#
                        + #"air\nAnswer with the option's letter from the given choices directly."#,
                    "B"),
            ])
        #expect(found.counts.samples == 2 && found.counts.withImage == 1)
    }

    /// Training asks as the benchmark does.
    @Test func theQuestionIsTheBenchmarks() throws {
        let files = files(
            ["7": problem("test", image: "\"image.png\"", hint: "Look. "), "8": problem("test")], train: [],
            test: ["7", "8"])
        try withTemporaryFolder { folder in
            let sets = try SmallSets(folder, files)
            let asked = try ScienceQA(folder: folder.appendingPathComponent("scienceqa")).questions
            let found = try sets.convert(.scienceQA) { $0.splits = [.test] }
            #expect(found.samples.map { $0.turns[0].text } == asked.map(\.savedPrompt))
            #expect(found.samples[0].image == "test/7/image.png")
        }
    }

    @Test func whatIsWrongIsNamed() throws {
        let end = "; correct it, or set on_bad_sample: skip"
        #expect(
            try failure(.scienceQA, files(["1": problem("train", answer: "3")], train: ["1"]))
                == "…/scienceqa/problems.json: member '1' at byte 6: 'answer' is 3, expected a whole number "
                + "from 0 to 2" + end)
        #expect(
            try failure(.scienceQA, files(["1": problem("train", answer: "1e400")], train: ["1"]))
                .contains("'1e400' is not a number"))
        #expect(
            try failure(.scienceQA, files(["1": problem("test")], train: ["1"]))
                == "…/scienceqa/problems.json: member '1' at byte 6: 'split' is \"test\", expected "
                + "\"train\", by pid_splits.json" + end)
        #expect(
            try failure(.scienceQA, files(["1": problem("train")], train: ["5"]))
                == "…/scienceqa/pid_splits.json: train[0]: problem '5' is not in problems.json" + end)
        #expect(
            try failure(.scienceQA, files(["1": problem("train", image: "\"../../x.png\"")], train: ["1"]))
                .contains("'image' is \"../../x.png\", expected an id that a file can be named by"))
        #expect(
            try failure(.scienceQA, files(["1": problem("train")], train: ["1", "1"]))
                == "…/scienceqa/problems.json: member '1' at byte 6: a second sample 'scienceqa-1'" + end)
    }
}
