import Files
import Foundation
import TestSupport
import Testing

@Suite struct ExcerptTests {
    @Test func nothingThatATerminalObeysIsLeft() {
        #expect(
            Excerpt.of("a\u{1B}[31mb\r\n\tc\u{202E}d\u{9B}é") == "a\\u{1b}[31mb\\r\\n\\tc\\u{202e}d\\u{9b}é")
    }

    @Test func aLongTextIsCutAndCounted() {
        let text = String(repeating: "é", count: 10_000)
        #expect(Excerpt.of(text) == String(repeating: "é", count: 200) + "… (20000 bytes)")
        #expect("'\(outside: text)'".count < 230)
    }

    @Test func aLongMessageKeepsItsPlaceAndItsRemedy() {
        let message = Excerpt.message("a.json: " + String(repeating: "x", count: 50_000) + "; make it again")
        #expect(message.hasPrefix("a.json: xxx") && message.hasSuffix("xxx; make it again"))
        #expect(message.count < 2_100)
    }

    @Test func errorsQuoteLittleOfTheirInput() throws {
        let long = String(repeating: "x", count: 20_000)
        let errors: [FilesError] = [
            .missingTensor(file: "m", tensor: long, near: [long]),
            .badField(place: "c", field: long, found: long, expected: "a number"),
            .corruptMember(archive: "a", member: long, offset: 0, problem: "bad"),
            .badTensor(file: "m", tensor: long, offset: 0, problem: "is bad"),
        ]
        for error in errors { #expect("\(error)".count < 800) }
        let json = Array("{\"\(long)\" 1}".utf8)
        #expect { try JSONValue(parsing: json) } throws: { "\($0)".count < 400 }
        #expect(JSONValue.string(long).shown.count < 300)
    }
}
