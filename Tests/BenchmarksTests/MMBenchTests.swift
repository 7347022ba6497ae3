import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct MMBenchTests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("mmbench") {
            let benchmark = try MMBench(folder: golden.data)
            #expect(golden.cases.count == 5)
            for (name, answers, expected) in golden.cases {
                let score = try benchmark.score(AnswerFile(answers))
                #expect(
                    Golden.differences(expected, try Golden.details(score), ignoring: ["file"]) == [],
                    "\(name)")
                #expect(abs((score.headline ?? -1) - (expected[golden.headline] as? Double ?? -2)) < 1e-9)
            }
        }
    }

    @Test func extractionEqualsBothRuleSets() throws {
        for golden in try Golden.all("mmbench") {
            let normalization = golden.expected["normalization"] as? [String: Any] ?? [:]
            let options = (normalization["options"] as? [String: String] ?? [:]).sorted { $0.key < $1.key }
                .map { Question.Option(letter: $0.key, text: $0.value) }
            let vectors = normalization["vectors"] as? [[String: Any]] ?? []
            #expect(options.count == 4 && vectors.count > 40)
            for vector in vectors {
                let text = vector["text"] as? String ?? ""
                #expect(
                    MMBenchExtraction.official(text, options: options) == vector["legacy"] as? String,
                    "\(text)")
                #expect(
                    MMBenchExtraction.vlmEvalKit(text, options: options) == vector["vlmevalkit"] as? String,
                    "\(text)")
            }
        }
    }

    @Test func questionsAreWhatTheReferenceAsks() throws {
        for golden in try Golden.all("mmbench") {
            let benchmark = try MMBench(folder: golden.data)
            #expect(golden.promptDifferences(benchmark) == [])
            let reader = try ImageReader(for: benchmark.questions)
            for question in benchmark.questions {
                #expect(
                    try reader.bytes(of: question)?.starts(with: [0xFF, 0xD8, 0xFF]) == true
                        || reader.bytes(of: question)?.starts(with: [0x89, 0x50]) == true)
            }
        }
    }

    @Test func brokenImagesRowsAndAnswersAreNamedWithLineAndField() throws {
        let golden = try #require(try Golden.all("mmbench").first)
        let name = "mmbench_dev_20230712.tsv"
        let text = try String(contentsOf: golden.data.appendingPathComponent(name), encoding: .utf8)
        func error(_ change: (String) -> String) throws -> String {
            try withTemporaryFolder { folder in
                try change(text).write(
                    to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
                return message { _ = try MMBench(folder: folder) }
            }
        }
        #expect(try error { $0 } == "")
        func onLine3(_ from: String, _ to: String) throws -> String {
            try error { text in
                var lines = text.components(separatedBy: "\n")
                lines[2] = lines[2].replacingOccurrences(of: from, with: to)
                return lines.joined(separator: "\n")
            }
        }
        let broken = try onLine3("/9j/4AAQ", "/9j/4A*Q")
        #expect(broken.contains("\(name):3: field 'image'") && broken.contains("character 7"))
        #expect(try onLine3("/9j/4AAQ", "").contains("\(name):3: field 'image'"))
        #expect(
            try onLine3("\tA\timage_emotion", "\tE\timage_emotion").contains(
                "\(name):3: field 'answer' is \"E\""))
        #expect(try onLine3("12\t", "twelve\t").contains("\(name):3: field 'index' is \"twelve\""))
        #expect(
            try error { $0.replacingOccurrences(of: "\tl2-category\t", with: "\tl2\t") }.contains(
                "field 'l2-category'"))
        #expect(try error { String($0.prefix(3_000)) }.contains("fields, the header 14"))
        #expect(
            try error {
                $0.components(separatedBy: "\n").enumerated().filter { $0.offset != 2 }.map(\.element).joined(
                    separator: "\n")
            }.contains("1000012 is a rotation of question 12"))
    }

    @Test func base64IsStrict() throws {
        #expect(try Base64.decode("TWFu".utf8) == Array("Man".utf8))
        #expect(try Base64.decode("TWE=".utf8) == Array("Ma".utf8))
        #expect(try Base64.decode("TQ==".utf8) == Array("M".utf8))
        for bad in ["", "T", "TW", "TWFu\n", "TW=u", "T===", "TW u"] {
            #expect(message { _ = try Base64.decode(bad.utf8) } != "", "\(bad)")
        }
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        #expect(try Base64.decode(Data(bytes).base64EncodedString().utf8) == bytes)
    }
}
