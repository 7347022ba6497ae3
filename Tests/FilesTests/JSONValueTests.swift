import Files
import Foundation
import Testing

@Suite struct JSONValueTests {
    @Test func valuesAreEqualAfterATrip() throws {
        let value: JSONValue = [
            "a": [1, 2.5, -0.1, 1e300, true, nil], "é/": "x\n", "whole": 3.0, "big": 9_007_199_254_740_993,
        ]
        for format in [JSONFormat.compact, .pretty, .line, .indented, .canonical] {
            #expect(try JSONValue(parsing: value.bytes(format)) == value)
        }
        #expect(try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value)) == value)
        #expect(value["whole"] == 3)
        #expect(JSONValue.number(.infinity) == "inf")
    }

    @Test func equalValuesSayTheSame() throws {
        func parsed(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }
        #expect(try parsed(#"{"a": 1, "b": 2.0}"#) == parsed(#"{"b": 2, "a": 1.0}"#))
        #expect(try parsed(#"{"a": 0, "a": 1}"#) == parsed(#"{"a": 1}"#))
        #expect(try parsed(#"{"a": 1}"#) != parsed(#"{"a": 1, "b": null}"#))
        #expect(try parsed("[1, 2]") != parsed("[2, 1]"))
        #expect(try parsed("9007199254740993") != parsed("9007199254740992.0"))
        #expect(try parsed("1") != parsed("true"))
    }

    @Test func composedAndDecomposedTextsAreDifferent() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        #expect(JSONValue.string(composed) != .string(decomposed))
        let value = try JSONValue(parsing: Array("{\"\(composed)\": 1, \"\(decomposed)\": 2}".utf8))
        #expect(value[composed] == 1 && value[decomposed] == 2)
        guard case .object(var object) = value else { return #expect(Bool(false)) }
        #expect(object.members.map { Array($0.name.utf8) } == [[0xC3, 0xA9], [0x65, 0xCC, 0x81]])
        object[composed] = nil
        #expect(object[composed] == nil && object[decomposed] == 2)
        #expect(JSONValue.object(object).text() == "{\"\(decomposed)\":2}")
    }

    @Test func anObjectKeepsTheOrderOfItsMembers() throws {
        var object: JSONObject = ["b": 1, "a": 2]
        object["c"] = 3
        object["b"] = 4
        #expect(JSONValue.object(object).text(.line) == #"{"b": 4, "a": 2, "c": 3}"#)
        object["b"] = nil
        #expect(JSONValue.object(object).text(.line) == #"{"a": 2, "c": 3}"#)
        #expect(JSONValue.object(JSONObject(["b": 1, "a": 2])).text(.line) == #"{"a": 2, "b": 1}"#)
    }

    @Test func ofMembersWithOneNameTheLastCounts() throws {
        guard case .object(let object) = try JSONValue(parsing: Array(#"{"a": 1, "b": 2, "a": 3}"#.utf8))
        else {
            return #expect(Bool(false))
        }
        #expect(object["a"] == 3)
        #expect(object.members.map(\.name) == ["a", "b", "a"])
        #expect(JSONValue.object(object).text() == #"{"a":3,"b":2}"#)
    }
}
