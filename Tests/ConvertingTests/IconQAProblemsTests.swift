import Converting
import Files
import Foundation
import TestSupport
import Testing

@Suite struct IconQAProblemsTests {
    private let files = [
        "train/fill_in_blank/9/data.json":
            #"{"question": "What time is it?", "answer": "six", "ques_type": "fill_in_blank", "grade": "k", "#
            + #""label": "S"}"#,
        "train/choose_txt/10/data.json":
            #"{"question": "What shape is this?", "choices": ["circle", "square"], "answer": 1, "#
            + #""ques_type": "choose_txt", "grade": "grade1", "label": "S2"}"#,
        "train/choose_txt/2/data.json":
            #"{"question": "How many?", "choices": ["3", "4", "5"], "answer": 0, "ques_type": "choose_txt"}"#,
        "train/choose_img/1/data.json":
            #"{"question": "Which?", "choices": ["choice_0.png", "choice_1.png"], "answer": 0}"#,
        "val/choose_txt/3/data.json": "not read",
        "test/choose_txt/4/data.json": "not read",
        "train/choose_txt/2/image.png": "not read",
    ]

    private func unpacked(_ files: [String: String]) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: files.map { ("iconqa/iconqa_data/iconqa/\($0.key)", $0.value) })
    }

    private let expected = [
        record(
            "iconqa-train-choose_txt-2", "iconqa_data/iconqa/train/choose_txt/2/image.png",
            #"<image>\nHow many?\nA. 3\nB. 4\nC. 5\nAnswer with the option's letter from the "#
                + "given choices directly.",
            "A"),
        record(
            "iconqa-train-choose_txt-10", "iconqa_data/iconqa/train/choose_txt/10/image.png",
            #"<image>\nWhat shape is this?\nA. circle\nB. square\nAnswer with the option's "#
                + "letter from the given choices directly.",
            "B"),
        record(
            "iconqa-train-fill_in_blank-9", "iconqa_data/iconqa/train/fill_in_blank/9/image.png",
            #"<image>\nWhat time is it?\nAnswer the question using a single word or phrase."#,
            "Six"),
    ]

    @Test func problemsWithOneImageAreConvertedByNumber() throws {
        let found = try converted(.iconQA, unpacked(files))
        #expect(found.records == expected)
        #expect(found.counts.samples == 3 && found.counts.leftOut == 3 && found.counts.rows == 6)
    }

    @Test func anArchiveInAnyOrderGivesTheSame() throws {
        try withTemporaryFolder { folder in
            // What an archive is, its bytes say: a tar will do.
            let tar = try TarWriter(folder.appendingPathComponent("iconqa/iconqa_data.zip"))
            for (path, text) in files.sorted(by: { $0.key > $1.key }) {
                try tar.add("iconqa_data/iconqa/\(path)", Array(text.utf8))
            }
            try tar.commit()
            #expect(try SmallSets(folder, [:]).convert(.iconQA).records == expected)
        }
    }

    @Test func whatIsWrongIsNamed() throws {
        let place = "…/iconqa/iconqa_data: iconqa_data/iconqa/train/choose_txt/2/data.json: "
        let end = "; correct it, or set on_bad_sample: skip"
        func failing(_ json: String) throws -> String {
            try failure(.iconQA, unpacked(["train/choose_txt/2/data.json": json]))
        }
        #expect(
            try failing(#"{"question": "How many?", "choices": ["3"], "answer": "3"}"#)
                == place + "'answer' is \"3\", expected a whole number from 0 to 0" + end)
        #expect(
            try failing(#"{"question": "How many?", "choices": [], "answer": 0}"#)
                == place + "'choices' is an array of 0, expected 1 to 26 choices" + end)
        #expect(
            try failing(#"{"choices": ["3"], "answer": 0}"#)
                == place + "'question' is missing, expected a string" + end)
        #expect(
            try failure(.iconQA, unpacked(["train/choose_img/1/data.json": "{}"]))
                == "…/iconqa/iconqa_data: no sample comes of 1 rows (0 skipped, 1 of other splits or kinds)")
    }
}
