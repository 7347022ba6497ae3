import Converting
import Testing

@Suite struct VSRStatementsTests {
    /// Two lines of the published form.
    private let lines = [
        """
        {"image": "000000050403.jpg", \
        "image_link": "http://images.cocodataset.org/train2017/000000050403.jpg", \
        "caption": "The teddy bear is in front of the person.", "label": 1, "relation": "in front of", \
        "annotator_id": 31, "vote_true_validator_id": "[2, 6]", "vote_false_validator_id": "[]", \
        "reference_frame": null}
        """,
        """
        {"image": "000000401552.jpg", \
        "image_link": "http://images.cocodataset.org/val2017/000000401552.jpg", \
        "caption": "The umbrella is far away from the motorcycle.", "label": 0, \
        "relation": "far away from", "annotator_id": 2, "vote_true_validator_id": "[]", \
        "vote_false_validator_id": "[2, 9, 1]", "reference_frame": null}
        """,
    ]

    @Test func statementsBecomeQuestionsToBeAnsweredByYesOrNo() throws {
        let found = try converted(.vsr, ["vsr/random/train.jsonl": lines.joined(separator: "\n") + "\n"])
        #expect(
            found.records == [
                record(
                    "vsr-train-1", "train2017/000000050403.jpg",
                    #"<image>\nIs the following statement about the image true? The teddy bear is in "#
                        + #"front of the person.\nAnswer the question using a single word or phrase."#,
                    "Yes"),
                record(
                    "vsr-train-2", "val2017/000000401552.jpg",
                    #"<image>\nIs the following statement about the image true? The umbrella is far "#
                        + #"away from the motorcycle.\nAnswer the question using a single word or "#
                        + "phrase.",
                    "No"),
            ])
        #expect(found.samples.map(\.id) == ["vsr-train-1", "vsr-train-2"])
        #expect(found.samples[1].turns.map(\.text).last == "No")
        #expect(found.counts.rows == 2 && found.counts.samples == 2 && found.counts.withImage == 2)
    }

    @Test func onlyTheSplitsThatAreAskedForAreReadInTheirOrder() throws {
        let files = [
            "vsr/random/train.jsonl": lines[0], "vsr/random/dev.jsonl": lines[1],
            "vsr/random/test.jsonl": "this is not read",
        ]
        #expect(try converted(.vsr, files).samples.map(\.id) == ["vsr-train-1"])
        let both = try converted(.vsr, files) { $0.splits = [.val, .train] }
        #expect(both.samples.map(\.id) == ["vsr-train-1", "vsr-val-1"])
    }

    @Test func wordsAndFoldersAreSettings() throws {
        let found = try converted(.vsr, ["vsr/random/train.jsonl": lines[0]]) {
            $0.statement = "\"{statement}\" Right?"
            $0.shortAnswer = nil
            $0.imageFolder = "coco"
        }
        #expect(found.samples[0].image == "coco/train2017/000000050403.jpg")
        #expect(
            found.samples[0].turns[0].text == "<image>\n\"The teddy bear is in front of the person.\" Right?")
    }

    @Test(arguments: [
        (
            #"{"image_link": "x", "caption": "A cat.", "label": 1}"#,
            "…/vsr/random/train.jsonl: line 1: 'image' is missing, expected a string"
        ),
        (
            #"{"image": "a.jpg", "image_link": "http://x/train2017/a.jpg", "caption": "A.", "label": "1"}"#,
            "…/vsr/random/train.jsonl: line 1: 'label' is \"1\", expected a whole number from 0 to 1"
        ),
        (
            #"{"image": "a.jpg", "image_link": "http://x/train2017/a.jpg", "caption": "A cat.", "label": 2}"#,
            "…/vsr/random/train.jsonl: line 1: 'label' is 2, expected a whole number from 0 to 1"
        ),
        (
            #"{"image": "../a.jpg", "image_link": "http://x/../a.jpg", "caption": "A.", "label": 1}"#,
            "…/vsr/random/train.jsonl: line 1: 'image' is \"../a.jpg\", expected an id that a file can be "
                + "named by"
        ),
        (
            #"{"image": "a.jpg", "image_link": "http://x/test2017/a.jpg", "caption": "A cat.", "label": 1}"#,
            "…/vsr/random/train.jsonl: line 1: 'image_link' is \"http://x/test2017/a.jpg\", expected an "
                + "address that ends in train2017/ or val2017/a.jpg"
        ),
        (
            #"{"image": "a.jpg", "image_link": "http://x/train2017/a.jpg", "caption": " \n", "label": 1}"#,
            "…/vsr/random/train.jsonl: line 1: 'caption' is \" \\n\", expected a text that is not empty"
        ),
        (
            #"{"image": "a.jpg", "image_link": "http://x/train2017/a.jpg", "caption": "An <image>.", "#
                + #""label": 1}"#,
            ""
        ),
    ])
    func aRowThatIsWrongIsNamed(line: String, expected: String) throws {
        let remedy = expected.isEmpty ? "" : "; correct it, or set on_bad_sample: skip"
        #expect(try failure(.vsr, ["vsr/random/train.jsonl": line]) == expected + remedy)
    }

    @Test func skippedRowsAreCountedAndListed() throws {
        let text = [lines[0], #"{"image": 5}"#, "{\"image\":", lines[1]].joined(separator: "\n")
        let found = try converted(.vsr, ["vsr/random/train.jsonl": text]) { $0.onBadSample = .skip }
        #expect(found.samples.map(\.id) == ["vsr-train-1", "vsr-train-4"])
        #expect(found.counts.rows == 4 && found.counts.samples == 2 && found.counts.skipped == 2)
        #expect(
            try found.skipped.map(summary) == [
                "malformed vsr-train-2 line 2", "malformed vsr-train-3 line 3",
            ])
        #expect(
            found.skipped[0]
                == #"{"file":"…/vsr/random/train.jsonl","id":"vsr-train-2","kind":"malformed","number":1,"#
                + #""place":"line 2","reason":"…/vsr/random/train.jsonl: line 2: 'caption' is missing, "#
                + #"expected a string"}"#)
    }
}
