import Files
import Foundation
import TestSupport
import Testing

@Suite struct LimitTests {
    @Test func thePageHasTheTable() throws {
        let page = try String(
            contentsOf: Fixtures.repository.appendingPathComponent("docs/limits.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        #expect(
            rows
                == Limit.allCases.map {
                    "| `\($0.rawValue)` | \(grouped($0.standard)) \($0.unit) | \($0.meaning) |"
                })
    }

    private func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text = "," + text }
            text = "\(digit)" + text
        }
        return text
    }

    @Test func boundsAreReadAndTheOthersStay() throws {
        #expect(try Limit.parse("yaml_values=200000, image_side=7") == [.yamlValues: 200_000, .imageSide: 7])
        #expect(try Limit.parse("").isEmpty)
        #expect(Limit.yamlValues.value == 100_000)
    }

    @Test(arguments: [
        ("yaml_value=3", "there is no limit 'yaml_value'; did you mean 'yaml_values'?"),
        ("yaml_values", "'yaml_values' is not name=number, such as yaml_values=200000"),
        ("json_depth=9999", "json_depth is '9999', expected a whole number from 1 to 512"),
        ("json_depth=-1", "json_depth is '-1', expected a whole number from 1 to 512"),
    ])
    func whatIsNoBoundSaysWhatIs(text: String, problem: String) {
        #expect { try Limit.parse(text) } throws: {
            "\($0)" == "ALIGN_TI_LIMITS: \(problem); docs/limits.md lists all"
        }
    }
}
