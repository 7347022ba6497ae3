import Files
import Foundation
import TestSupport
import Testing

@Suite struct JSONRecordsTests {
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
        try JSONRecords.forEach(of: url) { _, bytes in
            _ = try JSONSerialization.jsonObject(with: Data(bytes))
            count += 1
        }
        #expect(count == 500)
    }
}
