import Converting
import Testing

@Suite struct SBUCaptionsTests {
    private func files(_ urls: String, _ captions: String) -> [String: String] {
        [
            "sbu/sbu-captions-all.json":
                #"{"image_urls": [\#(urls)], "user_ids": ["47889917@N08"], "captions": [\#(captions)]}"#
        ]
    }

    private let urls = #"""
        "http://static.flickr.com/2723/4385058960_b0f291553e.jpg", "http://static.flickr.com/3348/x_y.jpg"
        """#

    @Test func addressesAndCaptionsBelongTogether() throws {
        let found = try converted(
            .sbu, files(urls, #""A wooden chair in the living room", "the view from \"there\"\n""#))
        #expect(
            found.records == [
                record(
                    "sbu-0", "SBU/images/4385058960_b0f291553e.jpg",
                    #"<image>\nProvide a one-sentence caption for the provided image."#,
                    "A wooden chair in the living room"),
                record(
                    "sbu-1", "SBU/images/x_y.jpg",
                    #"<image>\nProvide a one-sentence caption for the provided image."#,
                    #"the view from \"there\""#),
            ])
    }

    @Test func namesOfPhotographsAreASetting() throws {
        let found = try converted(.sbu, files(urls, #""a", "b""#)) {
            $0.sbuImage = "photos/{folder}_{name}"
        }
        #expect(
            found.samples.map(\.image) == ["photos/2723_4385058960_b0f291553e.jpg", "photos/3348_x_y.jpg"])
    }

    @Test func whatIsWrongIsNamed() throws {
        let end = "; correct it, or set on_bad_sample: skip"
        #expect(
            try failure(.sbu, files(urls, #""a""#))
                == "…/sbu/sbu-captions-all.json: captions ends after 1, image_urls goes on: the two lists "
                + "belong together")
        #expect(
            try failure(.sbu, files(urls, #""a", "b", "c""#))
                == "…/sbu/sbu-captions-all.json: image_urls ends, captions goes on: the two lists belong "
                + "together")
        #expect(
            try failure(.sbu, files(#""http://x/1/..""#, #""a""#))
                == "…/sbu/sbu-captions-all.json: image_urls, element 0 at byte 16: is \"http://x/1/..\", "
                + "expected an address that ends in a folder and a file" + end)
        #expect(try failure(.sbu, files(#""x.jpg""#, #""a""#)).contains("is \"x.jpg\", expected an address"))
        #expect(
            try failure(.sbu, files(urls, #""", "b""#)).hasSuffix(
                "is \"\", expected a text that is not empty" + end))
        #expect(try failure(.sbu, files(urls, "null, \"b\"")).hasSuffix("is null, expected a string" + end))
    }
}
