import Benchmarks
import Converting
import TestSupport
import Testing

@Suite struct TextVQAQuestionsTests {
    private func question(_ id: String, _ answers: [String], image: String = "0054c91397f2fe05") -> String {
        """
        {"question": "what is the brand of this camera?", "image_id": "\(image)", \
        "image_classes": ["Cello"], "flickr_original_url": "u", "flickr_300k_url": "v", "image_width": 1024, \
        "image_height": 664, "answers": \(answers), "question_tokens": ["what"], "question_id": \(id), \
        "set_name": "train"}
        """
    }

    private func file(_ questions: String...) -> String {
        """
        {"dataset_type": "train", "dataset_name": "textvqa", "dataset_version": "0.5.1", \
        "data": [\(questions.joined(separator: ", "))]}
        """
    }

    @Test func theAnswerIsTheOneThatMostPeopleGave() throws {
        let found = try converted(
            .textVQA,
            [
                "textvqa/TextVQA_0.5.1_train.json": file(
                    question(
                        "0",
                        ["nous les gosses", "dakota", "clos culombu", "Dakota ", "dakota digital", "", ""]),
                    question("1", ["a", "b", "b", "a"]))
            ])
        #expect(
            found.records == [
                record(
                    "textvqa-0", "train_images/0054c91397f2fe05.jpg",
                    #"<image>\nWhat is the brand of this camera?\nAnswer the question using a single "#
                        + "word or phrase.",
                    "dakota"),
                record(
                    "textvqa-1", "train_images/0054c91397f2fe05.jpg",
                    #"<image>\nWhat is the brand of this camera?\nAnswer the question using a single "#
                        + "word or phrase.",
                    "a"),
            ])
    }

    private let ocr = #"""
        {"dataset_type": "val", "data": [{"image_id": "0054c91397f2fe05",
         "ocr_tokens": ["DAKOTA", "digital,"],
         "ocr_info": [{"word": "DAKOTA"}]}, {"image_id": "b", "ocr_tokens": [], "ocr_info": []}]}
        """#

    /// Training asks as the benchmark does.
    @Test func withTokensTheQuestionIsTheBenchmarks() throws {
        let answers = Array(repeating: "dakota", count: 10)
        let files = [
            "textvqa/TextVQA_0.5.1_val.json": file(
                question("3", answers), question("4", answers, image: "b")),
            "textvqa/TextVQA_Rosetta_OCR_v0.2_val.json": ocr,
        ]
        try withTemporaryFolder { folder in
            let sets = try SmallSets(folder, files)
            let asked = try TextVQA(folder: folder.appendingPathComponent("textvqa")).questions
            let found = try sets.convert(.textVQA) { ($0.splits, $0.ocrTokens) = ([.val], true) }
            #expect(found.samples.map { $0.turns[0].text } == asked.map { "<image>\n\($0.text)" })
            #expect(found.samples[1].turns[0].text.contains("\nReference OCR token: \nAnswer"))
        }
    }

    @Test func whatIsWrongIsNamed() throws {
        func failing(_ text: String) throws -> String {
            try failure(.textVQA, ["textvqa/TextVQA_0.5.1_train.json": text])
        }
        let end = "; correct it, or set on_bad_sample: skip"
        let place = "…/textvqa/TextVQA_0.5.1_train.json: element 0 at byte 90: "
        #expect(
            try failing(file(question("0", ["", " "])))
                == place + "'answers' is [\"\", \" \"], expected at least one answer that is not empty" + end)
        #expect(
            try failing(file(question("0", [])))
                == place + "'answers' is [], expected at least one answer that is not empty" + end)
        #expect(
            try failing(file(question("99999999999999999999", ["a"]))).hasPrefix(
                place + "'question_id' is 1e+20, expected a whole number from 0 to "))
        #expect(
            try failing(file(question("0", ["a"], image: "../x")))
                == place + "'image_id' is \"../x\", expected an id that a file can be named by" + end)
        #expect(
            try failing(file(question("0", ["a"]), question("0", ["b"]))).hasSuffix(
                "a second sample 'textvqa-0'" + end))
        #expect(
            try failing(#"{"version": 1}"#)
                == "…/textvqa/TextVQA_0.5.1_train.json: 'data' is missing, expected an array")
        #expect(
            try failing(file(question("0", ["a"])) + "]").hasSuffix(
                "found ']', expected nothing behind the document"))
    }

    @Test func testHasNoAnswers() throws {
        #expect(
            try failure(.textVQA, [:]) { $0.splits = [.test] }
                == "splits: textvqa has no 'test' with published answers, only train, val")
    }
}
