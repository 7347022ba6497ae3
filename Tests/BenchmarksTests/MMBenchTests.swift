import Benchmarks
import Foundation
import TestSupport
import Testing

@Suite struct MMBenchTests {
    @Test func everyNumberEqualsTheReference() throws {
        for golden in try Golden.all("mmbench") {
            let benchmark = try MMBench(folder: golden.data)
            #expect(golden.cases.count == 5 || !golden.isOwn)
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
            #expect(options.count == 4 && vectors.count == 45 || !golden.isOwn)
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
        for golden in try Golden.all("mmbench") where golden.hasPrompts {
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
                return thrownText(in: folder) {
                    _ = try ImageReader(for: MMBench(folder: folder).questions)
                }
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
        #expect(
            try onLine3("/9j/4AAQ", "/9j/4A*Q") == "…/mmbench_dev_20230712.tsv:3: field 'image' holds "
                + "no image: character 7 of 1344 is byte 42, which base64 does not use; download the "
                + "file again"
        )
        #expect(
            try onLine3("/9j/4AAQ", "") == "…/mmbench_dev_20230712.tsv:3: field 'image' holds no image: "
                + "its 1002 bytes are no JPEG, PNG, WebP, GIF, BMP or TIFF file; download the file again")
        #expect(
            try onLine3("\tA\timage_emotion", "\tE\timage_emotion") == "…/mmbench_dev_20230712.tsv:3: "
                + "'answer' is \"E\", expected one of the row's options A, B")
        #expect(
            try onLine3("12\t", "twelve\t") == "…/mmbench_dev_20230712.tsv:3: 'index' is \"twelve\", "
                + "expected a whole number")
        #expect(
            try error { $0.replacingOccurrences(of: "\tl2-category\t", with: "\tl2\t") }
                == "…/mmbench_dev_20230712.tsv:1: 'l2-category' is no column (there are index, "
                + "question, hint, A, B, C, D, answer, category, image, source, l2, comment, "
                + "split), expected a column of that name"
        )
        #expect(
            try error { String($0.prefix(3_000)) } == "…/mmbench_dev_20230712.tsv:4: the row has 10 "
                + "fields, the header 14 (was the file cut off?)")
        #expect(
            try error {
                $0.components(separatedBy: "\n").enumerated().filter { $0.offset != 2 }.map(\.element).joined(
                    separator: "\n")
            } == "…/mmbench_dev_20230712.tsv: row 1000012 is a rotation of question 12, which has no row, "
                + "expected every question's own row; download the file again")
    }

    /// Newer releases hold a picture once and name its row elsewhere; scoring needs none at all.
    @Test func aPictureCellMayNameARowAndScoringNeedsNone() throws {
        let picture = Data([0xFF, 0xD8, 0xFF]).base64EncodedString() + String(repeating: "AAAA", count: 8)
        func table(_ cells: [(index: Int, cell: String)], column: String = "image") -> String {
            var lines = ["index\tquestion\thint\tA\tB\tC\tD\tanswer\tcategory\t\(column)\tl2-category"]
            lines += cells.map { "\($0.index)\tWhich?\t\tred\tblue\t\t\tA\tc\t\($0.cell)\tl" }
            return lines.joined(separator: "\n") + "\n"
        }
        func problem(_ text: String) throws -> String {
            try withTemporaryFolder { folder in
                try text.write(
                    to: folder.appendingPathComponent("mmbench_dev_20230712.tsv"), atomically: true,
                    encoding: .utf8)
                let benchmark = try MMBench(folder: folder)
                let records = benchmark.questions.map {
                    AnswerRecord(answering: $0, text: "A", modelID: "m")
                }
                let score = try benchmark.score(AnswerFile(name: "a", records: records))
                #expect(score.headline == 100)
                return thrownText(in: folder) {
                    let reader = try ImageReader(for: benchmark.questions)
                    for question in benchmark.questions {
                        #expect(try reader.bytes(of: question)?.prefix(3) == [0xFF, 0xD8, 0xFF])
                    }
                }
            }
        }
        let before = "…/mmbench_dev_20230712.tsv:"
        let after = "; download the file again"
        // A row may name one that names another, as when releases are joined.
        #expect(try problem(table([(1, picture), (1_000_001, "1"), (2, "1000001"), (3, "1")])) == "")
        #expect(try problem(table([(1, picture), (1_000_001, "1"), (2, "1")])) == "")
        #expect(try problem(table([(2, "3"), (3, picture)])) == "")
        #expect(
            try problem(table([(1, picture), (2, "7")]))
                == "\(before)3: field 'image' holds no image: it names row 7, which the table does not have"
                + after)
        #expect(
            try problem(table([(1, "2"), (2, "1")]))
                == "\(before)2: field 'image' holds no image: rows name each other: 1, then 2, then 1" + after
        )
        #expect(
            try problem(table([(1, ""), (2, "1")])).hasPrefix(
                "\(before)2: field 'image' holds no image: the cell is empty"))
        #expect(
            try problem(table([(1, ""), (2, "nan")]))
                == "\(before)2: field 'image' holds no image: the cell is empty" + after)
        #expect(
            try problem(table([(1, picture)], column: "source"))
                == "\(before)2: field 'image' holds no image: the table has no such column" + after)
    }

    /// As pandas, spreadsheets and mail write them: whole numbers with a fraction of zeros, a mark before the
    /// first column's name, base64 in lines.
    @Test func numbersMarksAndLineBreaksOfOtherProgramsAreRead() throws {
        let picture = Data([0xFF, 0xD8, 0xFF] + [UInt8](repeating: 7, count: 30)).base64EncodedString()
        let broken = "\"\(picture.prefix(20))\r\n\(picture.dropFirst(20))\n\""
        let rows = [("1.0", " \(picture) "), ("2.0", broken), ("1000002.0", "2.0"), ("3.00", "1")]
        let header = "\u{FEFF}index\tquestion\thint\tA\tB\tC\tD\tanswer\tcategory\timage\tl2-category"
        let text = ([header] + rows.map { "\($0.0)\tWhich?\t\tred\tblue\t\t\tA\tc\t\($0.1)\tl" }).joined(
            separator: "\n")
        try withTemporaryFolder { folder in
            try text.write(
                to: folder.appendingPathComponent("mmbench_dev_20230712.tsv"), atomically: true,
                encoding: .utf8)
            let benchmark = try MMBench(folder: folder)
            #expect(benchmark.questions.map(\.id.description) == ["1", "2", "1000002", "3"])
            let reader = try ImageReader(for: benchmark.questions)
            for question in benchmark.questions {
                #expect(try reader.bytes(of: question)?.count == 33)
            }
        }
        for wrong in ["1.5", "-1", "1.", ".0", "1.0.0", "1e3", ""] {
            #expect(MMBench.rowNumber(wrong) == nil, "\(wrong)")
        }
    }

    @Test func base64IsStrict() throws {
        #expect(try Base64.decode("TWFu".utf8) == Array("Man".utf8))
        #expect(try Base64.decode("TWE=".utf8) == Array("Ma".utf8))
        #expect(try Base64.decode("TQ==".utf8) == Array("M".utf8))
        let bad = ["", "T", "TW", "TWFu\n", "TW=u", "T===", "TW u"]
        #expect(
            bad.map { bad in thrownText { _ = try Base64.decode(bad.utf8) } } == [
                "Failure(reason: \"0 characters of base64 are no multiple of four\")",
                "Failure(reason: \"1 characters of base64 are no multiple of four\")",
                "Failure(reason: \"2 characters of base64 are no multiple of four\")",
                "Failure(reason: \"5 characters of base64 are no multiple of four\")",
                "Failure(reason: \"character 3 of 4 is byte 61, which base64 does not use\")",
                "Failure(reason: \"character 2 of 4 is byte 61, which base64 does not use\")",
                "Failure(reason: \"character 3 of 4 is byte 32, which base64 does not use\")",
            ])
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        #expect(try Base64.decode(Data(bytes).base64EncodedString().utf8) == bytes)
    }
}
