import Converting
import Testing

@Suite struct VisualDialogsTests {
    private let coco = [
        "coco-2017/annotations/captions_train2017.json": cocoCaptions([378_466]),
        "coco-2017/annotations/captions_val2017.json": cocoCaptions([575_029]),
    ]

    private func files(_ dialogs: String) -> [String: String] {
        coco.merging([
            "visual-dialog/visdial_1.0_train.json": """
            {"version": "1.0", "split": "train", \
            "data": {"questions": ["is there a fence", "what color is it?"], \
            "dialogs": [\(dialogs)], "answers": ["no", "yes, a wooden one", " "]}}
            """
        ]) { $1 }
    }

    private func dialog(_ image: String, _ turns: String) -> String {
        #"{"image_id": \#(image), "caption": "a man with a bicycle ", "dialog": [\#(turns)]}"#
    }

    private let turns = """
        {"question": 0, "answer": 1, "answer_options": [0, 1], "gt_index": 1}, {"question": 1, "answer": 0}
        """

    @Test func aDialogBeginsWithItsCaption() throws {
        let found = try converted(
            .visualDialog, files("\(dialog("378466", turns)), \(dialog("575029", turns))"))
        #expect(
            found.records[0]
                == record(
                    "visual-dialog-378466", "train2017/000000378466.jpg",
                    #"<image>\nProvide a one-sentence caption for the provided image."#,
                    "A man with a bicycle",
                    #"Is there a fence?\nAnswer the question using a single word or phrase."#,
                    "Yes, a wooden one",
                    "What color is it?",
                    "No"))
        #expect(found.samples[1].image == "val2017/000000575029.jpg")
    }

    @Test func captionAndCapitalsAreSettings() throws {
        let found = try converted(.visualDialog, files(dialog("378466", turns))) {
            ($0.dialogCaption, $0.capitalAnswers, $0.shortAnswer) = (false, false, "Short, please.")
        }
        #expect(
            found.samples[0].turns.map(\.text) == [
                "<image>\nIs there a fence?\nShort, please.", "yes, a wooden one", "What color is it?", "no",
            ])
    }

    @Test func whatIsWrongIsNamedOrSkipped() throws {
        let all = [
            dialog("378466", turns), dialog("7", turns), dialog("378466", turns),
            dialog("575029", #"{"question": 0, "answer": 3}"#),
            dialog("575029", #"{"question": 0, "answer": 2}"#), dialog("575029", #"{"question": 0}"#),
            dialog("575029", ""), dialog("\"575029\"", turns),
        ]
        let found = try converted(.visualDialog, files(all.joined(separator: ","))) {
            $0.onBadSample = .skip
        }
        #expect(found.samples.map(\.id) == ["visual-dialog-378466"])
        #expect(
            try found.skipped.map { try summary($0).split(separator: " ")[0] } == [
                "unknown-image", "duplicate-id", "malformed", "malformed", "malformed", "malformed",
                "malformed",
            ])
        let ends = [
            "photograph 7 is none of those that COCO 2017 lists", "a second sample 'visual-dialog-378466'",
            "'dialog[0].answer' is 3, expected a whole number from 0 to 2",
            "'dialog[0].answer' is 2, expected the place of a text that is not empty",
            "'dialog[0].answer' is missing, expected a whole number from 0 to 2",
            "'dialog' is [], expected at least one question",
            "'image_id' is \\\"575029\\\", expected a whole number from 0 to 999999999999",
        ]
        for (line, end) in zip(found.skipped, ends) { #expect(line.hasSuffix(end + "\"}"), "\(line)") }
    }

    @Test func cocoMustBeThere() throws {
        let alone = files(dialog("378466", turns)).filter { $0.key.hasPrefix("visual-dialog") }
        #expect(
            try failure(.visualDialog, alone).hasPrefix(
                "…/coco-2017: has no annotations/captions_train2017.json; fetch "
                    + "annotations_trainval2017.zip (make fetch DATASET=coco-2017)"))
    }
}
