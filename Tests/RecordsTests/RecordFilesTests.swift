import Files
import Foundation
import Records
import TestSupport
import Testing

/// What each file's writer writes its reader reads, and what is wrong with a file is named.
@Suite struct RecordFilesTests {
    private func file(_ text: String, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("file.json")
            try AtomicOutput.writeAtomically(text, to: url)
            try body(url)
        }
    }

    private var cells: [ComparisonCell] {
        var first = ComparisonCell(row: "kd", column: "pope", baseline: "sft", seeds: 3, paper: .above)
        (first.mean, first.standardError, first.difference, first.p) = (60.5, 0.25, -1.5, 0.0625)
        (first.test, first.t, first.degreesOfFreedom) = (.pairedT, -2, 2)
        (first.wins, first.losses, first.signP, first.holmP) = (1, 2, 1, 0.125)
        var second = ComparisonCell(row: "sft", column: "gqa", baseline: "sft", seeds: 1, paper: nil)
        (second.test, second.wins, second.losses) = (.mcnemar, 5, 1)
        return [first, second]
    }

    @Test func cellsAreReadAsTheyWereWritten() throws {
        try file(ComparisonCell.text(cells)) {
            let read = try ComparisonCell.read($0)
            #expect(read == cells)
        }
    }

    @Test func theColumnOfEarlierCellsHasItsNameOfNow() throws {
        let cost = ComparisonCell(row: "kd", column: "train_seconds", baseline: "kd", seeds: 1, paper: nil)
        try file(ComparisonCell.text([cost])) {
            let read = try ComparisonCell.read($0)
            #expect(read.map(\.column) == ["training_seconds"])
        }
    }

    @Test func aLineThatLacksAFieldIsNamedWithItsNumber() throws {
        let text = ComparisonCell.text(cells).replacingOccurrences(of: "\"seeds\": 1, ", with: "")
        try file(text) { url throws in
            #expect(
                throws: RecordError.field(file: url.path, line: 2, field: "seeds", problem: "is absent")
            ) { try ComparisonCell.read(url) }
        }
    }

    @Test func itemsAreReadAsTheyWereWritten() throws {
        let items = [ItemRecord(model: "m", benchmark: "pope", question: "3", group: "\"é\"", credit: 0.6)]
        try file(ItemRecord.text(items)) {
            let read = try ItemRecord.read($0)
            #expect(read == items)
        }
    }

    @Test func scoresKeepTheOrderOfTheirBenchmarksAndSayWhatIsUndefined() throws {
        let scores = ScoresFile(models: [
            .init(
                model: "m", average: nil,
                benchmarks: [
                    ("pope", .init(headline: nil, rest: ["notices": []])),
                    ("gqa", .init(headline: 62.5, rest: [:])),
                ])
        ])
        #expect(scores.text.split(separator: "\n").filter { $0.contains("headline") }.count == 2)
        try file(scores.text) { url in
            let model = try #require(try ScoresFile(url).models.first)
            #expect(model.average == nil && model.benchmarks["gqa"]?.headline == 62.5)
            #expect(model.benchmarks["pope"] != nil && model.benchmarks["pope"]?.headline == nil)
        }
        try file(scores.text.replacingOccurrences(of: "scores 1", with: "scores 2")) { url throws in
            #expect(
                throws: RecordError.otherFormat(
                    file: url.path, found: "\"align-ti scores 2\"", expected: "align-ti scores 1")
            ) { try ScoresFile(url) }
        }
    }

    @Test func exposureIsReadAsItWasWritten() throws {
        let curve = ExposureCurve(value: [0.5, nil], low: [0.25, nil], high: [1, nil])
        let student = StudentExposure(
            name: "sft", running: RunningSamples(groundTruth: [2, 1], student: [2, 2], teacher: [2, 0]),
            eTrain: curve, eTest: curve, e: curve, gap: curve, excessPercent: curve, excessDifference: nil)
        let measured = ExposureFile(
            teacher: "t", shards: "s", samples: 2, leftOut: 1, length: 2, confidence: 0.95, resamples: 20,
            students: [student])
        try file(measured.text) { url in
            let read = try ExposureFile(url)
            #expect(read.students == [student] && read.leftOut == 1 && read.confidence == 0.95)
            // No sample has a second token of the teacher's.
            #expect(read.shownLength == 1)
        }
        for (old, new) in [("\"length\": 2", "\"length\": -1"), ("[2, 1]", "[2, 4611686018427387904]")] {
            #expect(measured.text.contains(old))
            try file(measured.text.replacingOccurrences(of: old, with: new)) { url throws in
                let error = #expect(throws: RecordError.self) { try ExposureFile(url) }
                #expect(error.map { "\($0)" }?.contains("expected counts from 0") == true)
            }
        }
        try file(measured.text.replacingOccurrences(of: "\"low\": [0.25", with: "\"low\": [\"x\"")) {
            url throws in
            #expect(
                throws: RecordError.field(
                    file: url.path, line: nil, field: "students[0].e_train.low[0]",
                    problem: "is not a number")
            ) { try ExposureFile(url) }
        }
    }

    @Test func countsOfRepeatsAreThoseOfADataSet() throws {
        let source = RepeatsFile.Source(
            name: "a", isHeldBack: false, samples: 3, pictures: 2, repeated: 1, sharedSamples: 1,
            sharedPictures: 0, samplesIn: [.init("b", 1)], picturesIn: [])
        try withTemporaryFolder { folder in
            try RepeatsFile(sources: [source], unknown: []).write(into: folder)
            let url = folder.appendingPathComponent(RepeatsFile.file)
            #expect(try RepeatsFile(url).sources == [source])
            let text = try String(contentsOf: url, encoding: .utf8)
            for (old, new) in [
                ("\"repeated\":1", "\"repeated\":9223372036854775807"), ("\"count\":1", "\"count\":-1"),
            ] {
                #expect(text.contains(old))
                try text.replacingOccurrences(of: old, with: new).write(
                    to: url, atomically: true, encoding: .utf8)
                #expect(throws: RecordError.self) { try RepeatsFile(url) }
            }
        }
    }

    @Test func efficiencyIsReadAsItWasWrittenAndItsFieldsAreTheColumns() throws {
        let model = ModelCost(
            name: "teacher", visionParameters: 1, projectorParameters: 2, languageParameters: 3,
            promptTokens: 48, firstTokenSeconds: 0.5, tokensPerSecond: 100, spread: 0.25,
            tokensPerSecondSideBySide: 400, peakResidentBytes: 7)
        let measured = EfficiencyFile(models: [model], runs: [])
        #expect(model.parameters == 6 && measured.runsCSV == "")
        #expect(
            measured.modelsCSV == """
                name,parameters,vision_parameters,projector_parameters,language_parameters,prompt_tokens,\
                first_token_seconds,tokens_per_second,spread,tokens_per_second_side_by_side,\
                peak_resident_bytes
                teacher,6,1,2,3,48,0.5,100,0.25,400,7

                """)
        try file(measured.text) {
            let read = try EfficiencyFile($0)
            #expect(read == measured)
        }
    }
}
