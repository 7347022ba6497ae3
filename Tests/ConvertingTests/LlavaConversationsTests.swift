import Converting
import Testing

@Suite struct LlavaConversationsTests {
    private let file = "sharegpt4v-pt/share-captioner_coco_lcs_sam_1246k_1107.json"

    private func row(_ id: String, _ image: String, _ first: String = "<image>\\nWhat is this?") -> String {
        #"{"id": \#(id), "image": "\#(image)", "conversations": [{"from": "human", "value": "\#(first)"}, "#
            + #"{"from": "gpt", "value": "A cat."}], "model": "gpt4"}"#
    }

    @Test func recordsAreCheckedAndTheirImagesNormalised() throws {
        let text = """
            [\(row("\"9\"", "./coco//train2017/000000000009.jpg")),
            \(row("9", "sam/images/sa_545504.jpg", "What is this?\\n<image>")), \
            {"id": "t", "conversations": [{"from": "user", "value": "Hello."}, \
            {"from": "gpt", "value": "Hi."}]}]
            """
        let found = try converted(.shareGPT4VPretraining, [file: text])
        #expect(
            found.records == [
                record(
                    "sharegpt4v-pt-9", "coco/train2017/000000000009.jpg",
                    #"<image>\nWhat is this?"#,
                    "A cat."),
                record(
                    "sharegpt4v-pt-9#2", "sam/images/sa_545504.jpg",
                    #"What is this?\n<image>"#,
                    "A cat."),
                record(
                    "sharegpt4v-pt-t", nil,
                    "Hello.",
                    "Hi."),
            ])
        #expect(found.counts.samples == 3 && found.counts.withImage == 2)
    }

    @Test func whatIsWrongIsNamed() throws {
        let end = "; correct it, or set on_bad_sample: skip"
        let place = "…/\(file): element 0 at byte 1: "
        func failing(_ record: String) throws -> String {
            try failure(.shareGPT4VPretraining, [file: "[\(record)]"])
        }
        #expect(
            try failing(row("1", "coco/../../x.jpg"))
                == place
                + "'image' is \"coco/../../x.jpg\", expected the name of a file that does not lead out "
                + "of its folder" + end)
        #expect(
            try failing(row("1", "a.jpg", "No marker."))
                == place + "0 <image> markers for 1 images" + end)
        #expect(
            try failing(#"{"id": 1, "conversations": [{"from": "system", "value": "x"}]}"#)
                .hasPrefix(place + "'conversations[0].from' is \"system\", expected \"human\" or \"gpt\""))
        #expect(
            try failing(#"{"id": 1, "conversations": []}"#)
                == place + "the conversation has no turns" + end)
    }

    @Test func setsThatNeedNoConversionSaySo() throws {
        #expect(
            try failure(.llavaMix, [:])
                == "llava-mix665k is published as LLaVA conversations, there is nothing to convert: "
                + "pack-shards --data …/llava-mix665k/llava_v1_5_mix665k.json")
        for set in [DataSet.llavaPretraining, .mobileVLMMix, .groceries] {
            #expect(try failure(set, [:]).contains("nothing to convert"))
        }
        #expect(
            try failure(.vigc, [:])
                == "…/vigc: has no vigc.json; no file of these samples alone is published: they are a part "
                + "of mobilevlm-v2-mix")
    }
}
