import Files
import Foundation
import TestSupport
import Testing

@Suite struct LargeJSONArrayTests {
    private func elements(_ text: String, limit: Int = 1 << 20) throws -> [(Int, String)] {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.json")
            try AtomicOutput.writeAtomically(text, to: url)
            var found: [(Int, String)] = []
            try LargeJSONArray.forEach(of: url, elementLimit: limit) { index, offset, bytes in
                #expect(index == found.count)
                found.append((offset, String(decoding: bytes, as: UTF8.self)))
            }
            return found
        }
    }

    @Test func elementsOfEveryKind() throws {
        let found = try elements(
            " \n[ {\"a\":\"]},\\\"[\\\\\"} ,1.5e3,\"x,\\\"y\" , [1,[2,{}]],true,null ]\n ")
        #expect(found.map(\.1) == [#"{"a":"]},\"[\\"}"#, "1.5e3", #""x,\"y""#, "[1,[2,{}]]", "true", "null"])
        #expect(found.map(\.0) == [4, 22, 28, 38, 49, 54])
        #expect(try elements("[]").isEmpty)
        #expect(try elements("\u{feff}[1]").map(\.1) == ["1"])
    }

    /// Elements of 1 to 400,000 bytes, so that blocks of the reader end inside strings, escapes and numbers.
    @Test func elementsThatCrossBlocksAreWhole() throws {
        let parts =
            (0..<60).map { i in
                "{\"id\":\(i),\"t\":\"" + String(repeating: "\\\"]é", count: i * i * 20) + "\"}"
            } + ["12345"]
        let found = try elements("[" + parts.joined(separator: ",\n") + "]")
        #expect(found.map(\.1) == parts)
    }

    @Test(arguments: [
        ("", " at byte 0: empty, a JSON array should be here"),
        ("{\"a\":1}", " at byte 0: found '{', expected '[': the file should be one JSON array"),
        ("[1,2", " at byte 4: truncated: the JSON array does not end (1 whole elements)"),
        ("[{\"a\":1},", " at byte 9: truncated: the JSON array does not end (1 whole elements)"),
        ("[{\"a\":\"x", " at byte 8: truncated: the JSON array does not end (0 whole elements)"),
        ("[1,,2]", " at byte 3: found ',', expected an element"),
        ("[1,]", " at byte 3: found ']', expected an element"),
        ("[1] x", " at byte 4: found 'x', expected nothing after the array"),
        ("[1 2]", " at byte 3: found '2', expected ',' or ']' after element 0"),
        ("[\"a\"\"b\"]", " at byte 4: found '\"', expected ',' or ']' after element 0"),
        ("[,1]", " at byte 1: found ',', expected an element"),
        ("[}]", " at byte 1: found '}', expected an element"),
        ("[1]]", " at byte 3: found ']', expected nothing after the array"),
    ])
    func malformedArraysAreNamed(text: String, expected: String) {
        let found = thrownText { _ = try elements(text) }
        #expect(found.components(separatedBy: "/x.json").last == expected)
    }

    @Test func anElementBeyondTheLimitIsRefused() {
        let text = "[1,\"\(String(repeating: "x", count: 100))\"]"
        #expect(
            thrownText { _ = try elements(text, limit: 50) }.hasSuffix(
                ": element 1 at byte 3 has more than the 50 bytes allowed here; "
                    + "ALIGN_TI_LIMITS='record_bytes=…' allows more, see docs/limits.md"))
    }

    @Test func recordsComeFromEitherForm() throws {
        try withTemporaryFolder { folder in
            for (text, places) in [
                ("\n[{\"a\":1},\n{\"a\":2}]", ["element 0 at byte 2", "element 1 at byte 11"]),
                ("{\"a\":1}\n\n{\"a\":2}\n", ["line 1", "line 3"]),
            ] {
                let url = folder.appendingPathComponent("x")
                try AtomicOutput.writeAtomically(text, to: url)
                var found: [String] = []
                var seen: [String] = []
                try JSONRecords.forEach(of: url) { place, bytes in
                    seen.append("\(place)")
                    found.append(String(decoding: bytes, as: UTF8.self))
                }
                #expect(found == ["{\"a\":1}", "{\"a\":2}"])
                #expect(seen == places)
            }
        }
    }

    @Test(.enabled(if: Fixtures.real("llava-mix/train_500.json") != nil))
    func thePublishedMixHasFiveHundredSamples() throws {
        let url = try #require(Fixtures.real("llava-mix/train_500.json"))
        var count = 0
        try LargeJSONArray.forEach(of: url) { _, _, bytes in
            _ = try JSONSerialization.jsonObject(with: Data(bytes))
            count += 1
        }
        #expect(count == 500)
    }
}
