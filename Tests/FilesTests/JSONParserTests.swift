import Files
import Testing

@Suite struct JSONParserTests {
    private func parsed(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test(arguments: [
        ("0", JSONValue.int(0)), ("-0", 0), ("-17", -17), ("123456789012345678", 123_456_789_012_345_678),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5e3", 1500), ("2E-1", 0.2),
        ("1.0", 1),
        ("\u{FEFF} true ", true),
        (#""\u00e9\ud83d\ude00\b\f\n\r\t\/\\\"""#, "\u{E9}\u{1F600}\u{8}\u{C}\n\r\t/\\\""),
    ])
    func valuesAreExact(_ text: String, _ value: JSONValue) throws {
        let found = try parsed(text)
        #expect(found == value)
        if case .int = value, !text.contains(".") {
            guard case .int = found else { return #expect(Bool(false), "\(found)") }
        }
    }

    @Test(arguments: [
        ("", 0, 1), ("{", 1, 1), ("{\"a\": }", 6, 1), ("{\"a\": 1,}", 8, 1), ("[1 2]", 3, 1),
        ("{\n\"a\":\n\"\\x\"}", 9, 3),
        ("nul", 0, 1), ("{}\n {}", 4, 2), ("\"abc", 4, 1), ("\"a\nb\"", 2, 1), ("1e999", 0, 1),
        ("[\n01]", 2, 2), ("1.", 0, 1), ("-", 0, 1),
        (".5", 0, 1), ("1e", 0, 1), ("[1,]", 3, 1), ("'a'", 0, 1), ("NaN", 0, 1), (#""\u12g4""#, 5, 1),
        (#""\ud800""#, 7, 1),
        (#""\ud800\u0041""#, 7, 1), (#""\udc00""#, 7, 1),
    ])
    func brokenTextNamesItsOffsetAndLine(_ text: String, _ offset: Int, _ line: Int) throws {
        let failure = #expect(throws: JSONFailure.self) { try parsed(text) }
        #expect(failure?.offset == offset && failure?.line == line, "\(text): \(failure?.description ?? "")")
    }

    /// Python's `json` writes them.
    @Test(arguments: ["NaN", "Infinity", "-Infinity"])
    func whatPythonCallsANumberIsCalledByName(_ name: String) {
        let failure = #expect(throws: JSONFailure.self) { try parsed("{\"score\": \(name)}") }
        #expect(failure?.reason == "\(name) is no number of JSON" && failure?.offset == 10)
    }

    @Test func nestingHasALimit() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        _ = try JSONValue(parsing: nested(256))
        let failure = #expect(throws: JSONFailure.self) { try JSONValue(parsing: nested(257)) }
        #expect(failure?.offset == 256 && failure?.expected == "at most 256 nested levels")
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: nested(9), depthLimit: 8) }
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: [UInt8](repeating: 0x5B, count: 100_000)) }
    }

    @Test func invalidUTF8NamesItsOffset() {
        for escape in [[], Array(#"\n"#.utf8)] {
            let failure = #expect(throws: JSONFailure.self) {
                try JSONValue(parsing: [0x22, 0x61] + escape + [0xC3, 0xA9, 0xC3, 0x22])
            }
            #expect(failure?.offset == 4 + escape.count && failure?.expected == "valid UTF-8")
        }
    }

    @Test func halfASurrogatePairMayBeReplaced() throws {
        let text = Array(#"["\ud800\u0041", "\ude00x", "\ud83d\ude00"]"#.utf8)
        #expect(throws: JSONFailure.self) { try JSONValue(parsing: text) }
        #expect(
            try JSONValue(parsing: text, replacingLoneSurrogates: true) == [
                "\u{FFFD}A", "\u{FFFD}x", "\u{1F600}",
            ])
    }

    @Test func linesCountFromTheGivenOne() throws {
        guard case .object(let object) = try JSONValue(parsing: Array("\n{\"a\": [1]}".utf8), line: 2) else {
            Issue.record("no object")
            return
        }
        #expect(object.line == 3 && object == ["a": [1]])
        let failure = #expect(throws: JSONFailure.self) {
            try JSONValue(parsing: Array("{\"a\": x}".utf8), line: 3)
        }
        #expect(failure?.offset == 6 && failure?.line == 3)
    }

    @Test func everyCutOfATextIsRefused() throws {
        let whole = Array(#"{"a": [1, 2.5, true, null], "b": {"c": "x\n\u00e9"}}"#.utf8)
        _ = try JSONValue(parsing: whole)
        for count in 0..<whole.count {
            #expect(throws: JSONFailure.self) { try JSONValue(parsing: Array(whole.prefix(count))) }
        }
    }
}
