import Stage
import Testing

@Suite struct JSONValueTests {
    @Test func valuesAreEqualAfterATrip() throws {
        let value: JSONValue = [
            "a": [1, 2.5, -0.1, 1e300, true, nil], "é/": "x\n", "whole": 3.0, "big": 9_007_199_254_740_993,
        ]
        #expect(try JSONValue(parsing: Array(value.text().utf8)) == value)
        #expect(try JSONValue(parsing: Array(value.text(pretty: true).utf8)) == value)
        #expect(value["whole"] == 3)
        #expect(JSONValue.number(.infinity) == "inf")
    }

    @Test func keysAreSorted() {
        let value: JSONValue = ["b": 1, "a": ["d": 1, "c": "x/y"]]
        #expect(value.text() == #"{"a":{"c":"x/y","d":1},"b":1}"#)
    }
}
