import Converting
import Testing

/// `captions_<folder>.json` of a few photographs.
func cocoCaptions(_ photographs: [Int], _ annotations: String = "") -> String {
    let images = photographs.map { number in
        let name = String(repeating: "0", count: 12 - "\(number)".count) + "\(number).jpg"
        return #"{"license": 3, "file_name": "\#(name)", "coco_url": "u", "height": 360, "id": \#(number)}"#
    }
    return #"""
        {"info": {"year": 2017}, "licenses": [{"id": 1, "name": "[}"}],
         "images": [\#(images.joined(separator: ","))],
         "annotations": [\#(annotations)]}
        """#
}

@Suite struct CocoCaptionsTests {
    private let annotations = """
        {"image_id": 203564, "id": 37, "caption": "A bicycle replica with a clock as the front wheel."},
        {"image_id": 322141, "id": 49, "caption": " A room with blue walls.\\n"}
        """

    @Test func aCaptionIsASample() throws {
        let found = try converted(
            .cocoCaptions,
            ["coco-2017/annotations/captions_train2017.json": cocoCaptions([203_564, 322_141], annotations)])
        #expect(
            found.records == [
                record(
                    "coco-2017-37", "train2017/000000203564.jpg",
                    #"<image>\nProvide a one-sentence caption for the provided image."#,
                    "A bicycle replica with a clock as the front wheel."),
                record(
                    "coco-2017-49", "train2017/000000322141.jpg",
                    #"<image>\nProvide a one-sentence caption for the provided image."#,
                    "A room with blue walls."),
            ])
    }

    /// Which request a sample has is a function of its id alone.
    @Test func severalRequestsAreSharedOut() throws {
        let many = (0..<40).map { #"{"image_id": 1, "id": \#($0), "caption": "A cat."}"# }
        let file = ["coco-2017/captions_train2017.json": cocoCaptions([1], many.joined(separator: ","))]
        let found = try converted(.cocoCaptions, file) { $0.caption = ["First.", "Second."] }
        let requests = found.samples.map { $0.turns[0].text }
        #expect(Set(requests) == ["<image>\nFirst.", "<image>\nSecond."])
        let limited = try converted(.cocoCaptions, file) {
            ($0.caption, $0.limit) = (["First.", "Second."], 7)
        }
        #expect(limited.samples.map { $0.turns[0].text } == Array(requests.prefix(7)))
        #expect(limited.counts.samples == 7)
    }

    @Test func photographsThatAreNotListedAndNumbersThatAreNone() throws {
        func failing(_ annotation: String) throws -> String {
            try failure(
                .cocoCaptions,
                ["coco-2017/annotations/captions_train2017.json": cocoCaptions([1], annotation)])
        }
        let end = "; correct it, or set on_bad_sample: skip"
        #expect(
            try failing(#"{"image_id": 5, "id": 0, "caption": "A cat."}"#).hasSuffix(
                ": photograph 5 is none of those that COCO 2017 lists" + end))
        #expect(
            try failing(#"{"image_id": 1000000000000, "id": 0, "caption": "A cat."}"#).hasSuffix(
                "'image_id' is 1000000000000, expected a whole number from 0 to 999999999999" + end))
        #expect(
            try failing(#"{"image_id": 1, "id": -1, "caption": "A cat."}"#).contains("'id' is -1, expected"))
        #expect(
            try failing(#"{"image_id": 1, "id": 3, "caption": 5}"#).hasSuffix(
                "'caption' is 5, expected a string" + end))
        let other = cocoCaptions([1]).replacing("000000000001.jpg", with: "COCO_train2014_000000000001.jpg")
        #expect(
            try failure(.cocoCaptions, ["coco-2017/captions_train2017.json": other]).hasSuffix(
                "'file_name' is \"COCO_train2014_000000000001.jpg\", expected \"000000000001.jpg\""))
    }

    @Test func anArchiveThatIsNotUnpackedIsNamed() throws {
        #expect(
            try failure(.cocoCaptions, ["coco-2017/annotations_trainval2017.zip": "x"])
                == "…/coco-2017: has no annotations/captions_train2017.json; unpack "
                + "annotations_trainval2017.zip there")
        #expect(
            try failure(.cocoCaptions, [:])
                == "…/coco-2017: has no annotations/captions_train2017.json; fetch "
                + "annotations_trainval2017.zip (make fetch DATASET=coco-2017) and unpack it there, or give "
                + "the folder that holds it")
    }
}
