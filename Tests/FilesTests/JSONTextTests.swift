import Files
import Foundation
import Testing

@Suite struct JSONTextTests {
    private let value: JSONValue = [
        "b": [1, 2.5, .double(3), [], [:]], "a": ["d": true, "c": "x/y\n\u{1}\u{8}\u{E9}\"\\"], "n": nil,
    ]

    @Test func eachFormatHasItsLayout() {
        #expect(value.text() == #"{"a":{"c":"x/y\n\u0001\bé\"\\","d":true},"b":[1,2.5,3,[],{}],"n":null}"#)
        #expect(
            value.text(.line)
                == #"{"b": [1, 2.5, 3.0, [], {}], "a": {"d": true, "c": "x/y\n\u0001\bé\"\\"}, "n": null}"#)
        #expect(
            value.text(.canonical)
                == #"{"a":{"c":"x/y\u000a\u0001\u0008é\"\\","d":true},"b":[1,2.5,3.0,[],{}],"n":null}"#)
        let short: JSONValue = ["b": [1, 2], "a": [:]]
        #expect(short.text(.indented) == "{\n  \"b\": [\n    1,\n    2\n  ],\n  \"a\": {}\n}")
        #expect(short.text(.pretty) == "{\n  \"a\" : {},\n  \"b\" : [\n    1,\n    2\n  ]\n}")
        #expect(JSONValue.double(.nan).text() == "null")
    }

    /// Receipts and configurations were written by Foundation before: their digests must not change.
    @Test func sortedTextIsFoundations() throws {
        let value: JSONValue = [
            "a10": 1, "a2": 1e16, "B": 1e-5, "aB": -0.5, "a_b": 1e300, "": .double(1_000_000),
            "z/": "é\u{7F}\u{2028}\u{C}\r\t\u{1F}",
            "list": [[1], ["x": nil, "y": false]],
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(try value.bytes(.compact) == Array(encoder.encode(value)))
        encoder.outputFormatting.insert(.prettyPrinted)
        #expect(try value.bytes(.pretty) == Array(encoder.encode(value)))
    }
}
