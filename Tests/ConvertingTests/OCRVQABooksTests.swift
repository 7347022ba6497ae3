import Converting
import Testing

@Suite struct OCRVQABooksTests {
    private func book(_ split: String, _ answers: String = #"["Sandra Boynton", "No"]"#) -> String {
        """
        {"imageURL": "http://ecx.images-amazon.com/images/I/61Y5cOdHJbL.jpg", \
        "questions": ["Who wrote this book?", "Is this a games related book?"], "answers": \(answers), \
        "title": "Mom's Calendar", "authorName": "Sandra Boynton", "genre": "Calendars", "split": \(split)}
        """
    }

    @Test func aBookIsAConversation() throws {
        let found = try converted(
            .ocrVQA,
            [
                "ocr-vqa/dataset.json":
                    #"{"761183272": \#(book("1")), "2": \#(book("2")), "3": \#(book("3")), "#
                    + #""01X": \#(book("1"))}"#
            ])
        #expect(
            found.records[0]
                == record(
                    "ocr-vqa-761183272", "images/761183272.jpg",
                    #"<image>\nWho wrote this book?\nAnswer the question using a single word or "#
                        + "phrase.",
                    "Sandra Boynton",
                    "Is this a games related book?",
                    "No"))
        #expect(found.samples.map(\.id) == ["ocr-vqa-761183272", "ocr-vqa-01X"])
        #expect(found.counts.rows == 4 && found.counts.samples == 2 && found.counts.leftOut == 2)
    }

    @Test func whatIsWrongIsNamed() throws {
        func failing(_ text: String) throws -> String { try failure(.ocrVQA, ["ocr-vqa/dataset.json": text]) }
        let end = "; correct it, or set on_bad_sample: skip"
        let place = "…/ocr-vqa/dataset.json: member '1' at byte 6: "
        #expect(
            try failing(#"{"1": \#(book("4"))}"#)
                == place + "'split' is 4, expected a whole number from 1 to 3" + end)
        #expect(
            try failing(#"{"1": \#(book("1", #"["x"]"#))}"#)
                == place + "'answers' is [\"x\"], expected an answer for each of 2 questions, at least one"
                + end)
        #expect(
            try failing(#"{"1": \#(book("1", #"["x", ""]"#))}"#)
                == place + "'answers[1]' is \"\", expected a text that is not empty" + end)
        #expect(
            try failing(#"{"../1": \#(book("1"))}"#).hasSuffix(
                "is \"../1\", expected an id that a file can be named by" + end))
        #expect(
            try failing(#"{"1": \#(book("1")), "1": \#(book("1"))}"#).hasSuffix(
                "a second sample 'ocr-vqa-1'" + end))
        #expect(try failing(#"{"1": \#(book("1"))"#).hasSuffix("truncated: the JSON document does not end"))
    }
}
