import Fetching
import Testing

@Suite struct ContentRangeTests {
    @Test func partsAndTotalsAreReadAndOthersAreNone() {
        for (text, part, total) in [
            ("bytes 100-199/1000", 100..<200, 1000), ("bytes 0-0/1", 0..<1, 1), ("Bytes 5-9/*", 5..<10, nil),
            ("bytes */1000", nil, 1000),
        ] as [(String, Range<Int>?, Int?)] {
            #expect(ContentRange(text)?.part == part && ContentRange(text)?.total == total, "\(text)")
        }
        for text in [
            "", "bytes 9-5/10", "bytes 0-10/10", "bytes 1-/3", "bytes -1-2/3", "items 0-1/2",
            "bytes 0-9223372036854775807/*", "bytes 0-99999999999999999999/*", "bytes 0-1/2, 3-4/5",
        ] {
            #expect(ContentRange(text) == nil, "\(text)")
        }
    }
}
