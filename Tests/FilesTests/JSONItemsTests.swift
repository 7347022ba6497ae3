import Files
import Foundation
import TestSupport
import Testing

@Suite struct JSONItemsTests {
    private func items(
        _ text: String, at path: [String] = [], _ kind: JSONItems.Kind, limit: Int = 1 << 20
    ) throws -> [JSONItem] {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.json")
            try AtomicOutput.writeAtomically(text, to: url)
            let items = try JSONItems(url, at: path, kind, itemLimit: limit)
            var found: [JSONItem] = []
            while let item = try items.next() { found.append(item) }
            #expect(try items.next() == nil)
            return found
        }
    }

    private func texts(_ items: [JSONItem]) -> [String] {
        items.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func elementsOfEveryKind() throws {
        let text =
            "\u{feff} [ {\"a\":\"]},\\\"[\"} ,1.5e3,\"x,\\\"\" , [1,[2]],true,null ]\n"
        let found = try items(text, .array)
        #expect(texts(found) == [#"{"a":"]},\"["}"#, "1.5e3", #""x,\"""#, "[1,[2]]", "true", "null"])
        #expect(found.map(\.offset) == [6, 22, 28, 37, 45, 50])
        #expect(found[1].place == "element 1 at byte 22")
        #expect(try items("[]", .array).isEmpty && items("{ }", .object).isEmpty)
    }

    @Test func membersHaveTheirNames() throws {
        let found = try items(#"{"a": 1, "b\n\u00e9" :{"c": [2]}, "a":"x"}"#, .object)
        #expect(found.map(\.name) == ["a", "b\né", "a"])
        #expect(texts(found) == ["1", #"{"c": [2]}"#, "\"x\""])
        #expect(found[1].place == "member 'b\\né' at byte 22")
    }

    @Test func aPlaceInsideIsFoundBesideOthers() throws {
        let text =
            #"{"info": {"data": [0]}, "s": "]}", "data": {"n": 5, "list": [1, 2], "more": [{}]}, "x": [[]]}"#
        #expect(try texts(items(text, at: ["data", "list"], .array)) == ["1", "2"])
        #expect(try texts(items(text, at: ["info"], .object)) == ["[0]"])
        #expect(try items(text, at: ["data"], .object).map(\.name) == ["n", "list", "more"])
    }

    /// Items of 0 to 200,000 bytes, so that blocks of the reader end inside strings, escapes and names.
    @Test func itemsThatCrossBlocksAreWhole() throws {
        let parts = (0..<50).map { "\"" + String(repeating: "\\\"]é", count: $0 * $0 * 20) + "\"" }
        let members = parts.enumerated().map { "\"\($0.offset)\" : \($0.element)" }
        #expect(try texts(items("{\(members.joined(separator: ",\n"))}", .object)) == parts)
    }

    @Test(arguments: [
        ("", " at byte 0: truncated: the JSON document does not end"),
        (#"{"a": [1"#, " at byte 8: truncated: the JSON document does not end"),
        (#"{"a": [1]"#, " at byte 9: truncated: the JSON document does not end"),
        (#"{"a": ["x"#, " at byte 9: truncated: the JSON document does not end"),
        (#"{"a": [1]} x"#, " at byte 11: found 'x', expected nothing behind the document"),
        (#"{"a": [1,,2]}"#, " at byte 9: found ',', expected a value"),
        (#"{"a": [1,]}"#, " at byte 9: found ']', expected a value"),
        (#"{"a": [1 2]}"#, " at byte 9: found '2', expected ',' or ']'"),
        (#"{"a" [1]}"#, " at byte 5: found '[', expected ':'"),
        (#"{a: [1]}"#, " at byte 1: found 'a', expected the name of a member"),
        (#"{"a": [1], "a": [2]}"#, " at byte 15: has 'a' twice"),
        (#"{"b": [1]}"#, ": 'a' is missing, expected an array"),
        (#"{"a": {"b": 1}}"#, ": 'a' is something else, expected an array"),
        (#"[1]"#, ": is something else, expected an object"),
    ])
    func whatIsMalformedIsNamed(text: String, expected: String) {
        let found = thrownText { _ = try items(text, at: ["a"], .array) }
        #expect(found.components(separatedBy: "/x.json").last == expected)
    }

    @Test(arguments: [
        ("", " at byte 0: truncated: the JSON document does not end"),
        ("[{\"a\":1},", " at byte 9: truncated: the JSON document does not end"),
        ("[{\"a\":\"x", " at byte 8: truncated: the JSON document does not end"),
        ("[1,,2]", " at byte 3: found ',', expected a value"),
        ("[1,]", " at byte 3: found ']', expected a value"),
        ("[1] x", " at byte 4: found 'x', expected nothing behind the document"),
        ("[1 2]", " at byte 3: found '2', expected ',' or ']'"),
        ("[\"a\"\"b\"]", " at byte 4: found '\"', expected ',' or ']'"),
        ("[,1]", " at byte 1: found ',', expected a value"),
        ("[}]", " at byte 1: found '}', expected a value"),
        ("[1]]", " at byte 3: found ']', expected nothing behind the document"),
    ])
    func malformedArraysAreNamed(text: String, expected: String) {
        let found = thrownText { _ = try items(text, .array) }
        #expect(found.components(separatedBy: "/x.json").last == expected)
    }

    @Test func anItemBeyondTheLimitIsRefused() {
        let long = String(repeating: "x", count: 100)
        let found = thrownText {
            _ = try items("{\"n\": \"\(long)\", \"a\": [1, \"\(long)\"]}", at: ["a"], .array, limit: 50)
        }
        #expect(found.contains("element 1 at byte 119 has more than the 50 bytes allowed here"))
        // What is passed over may be of any size.
        #expect(throws: Never.self) {
            try items("{\"n\": \"\(long)\", \"a\": [1]}", at: ["a"], .array, limit: 50)
        }
    }
}
