import Benchmarks
import Foundation
import Records
import TestSupport
import Testing

@Suite struct ScoreTableTests {
    private func aggregates() throws -> [[String: Any]] {
        try Fixtures.cases("benchmarks").filter { $0.lastPathComponent == "aggregate" }
            .map { try Golden.json($0.appendingPathComponent("expected.json")) }
    }

    @Test func rowsAndAveragesMadeFromAnswersEqualTheReference() throws {
        for (aggregate, root) in zip(try aggregates(), Fixtures.folders("benchmarks")) {
            #expect(BenchmarkList.paper.map { $0.name } == aggregate["order"] as? [String])
            for (name, row) in aggregate["rows"] as? [String: [String: Any]] ?? [:] {
                var scores: [String: Double?] = [:]
                for (benchmark, input) in row["inputs"] as? [String: [String: String]] ?? [:] {
                    let folder = root.appendingPathComponent(benchmark)
                    let score = try BenchmarkList.named(benchmark).init(
                        folder: folder.appendingPathComponent("data")
                    )
                    .score(
                        AnswerFile(folder.appendingPathComponent("predictions/\(input["case"] ?? "").jsonl")))
                    scores.updateValue(score.headline, forKey: benchmark)
                }
                let made = ScoreTable.Row(model: name, scores: scores)
                #expect(Golden.differences(row["values"] ?? NSNull(), scores.mapValues { $0 ?? -1 }) == [])
                #expect(abs((made.average ?? -1) - (row["average"] as? Double ?? -2)) < 1e-9)
                #expect(
                    Golden.differences(row["table"] ?? NSNull(), scores.mapValues { ScoreTable.printed($0) })
                        == [])
                #expect(ScoreTable.printed(made.average) == row["average_table"] as? String)
            }
        }
    }

    @Test func publishedRowsAndTheirAveragesAreTheFixtures() throws {
        for aggregate in try aggregates() {
            let published = aggregate["published"] as? [String: [String: Any]] ?? [:]
            #expect(published.count == ScoreTable.published.count)
            for row in ScoreTable.published {
                let wanted = published[row.model] ?? [:]
                #expect(
                    Golden.differences(wanted["values"] ?? NSNull(), row.scores.mapValues { $0 ?? -1 }) == [])
                #expect(abs((row.average ?? -1) - (wanted["average"] as? Double ?? -2)) < 1e-9)
            }
        }
    }

    @Test func theAverageNeedsAllSixColumns() {
        var scores: [String: Double?] = Dictionary(
            uniqueKeysWithValues: BenchmarkList.paper.map { ($0.name, 50.0) })
        #expect(ScoreTable.Row(model: "m", scores: scores).average == 50)
        scores.updateValue(nil, forKey: "pope")
        #expect(ScoreTable.Row(model: "m", scores: scores).average == nil)
        scores.removeValue(forKey: "pope")
        #expect(ScoreTable.Row(model: "m", scores: scores).average == nil)
    }

    @Test func theTableShowsUndefinedAndUnscored() {
        let table = ScoreTable(rows: [
            .init(model: "teacher", scores: ["gqa": 62.04, "pope": nil]),
            .init(model: "s", scores: ["gqa": 7.25]),
        ])
        #expect(
            table.text == """
                model     GQA       POPE
                teacher  62.0  undefined
                s         7.2          -

                """)
    }

    @Test func severalModelsAreScoredAndOneBadFileSpoilsOnlyItsOwnCell() throws {
        let gqa = try #require(try Golden.all("gqa").first)
        let pope = try #require(try Golden.all("pope").first)
        let benchmarks: [any Benchmark] = [try GQA(folder: gqa.data), try POPE(folder: pope.data)]
        try withTemporaryFolder { folder in
            try FileManager.default.copyItem(
                at: gqa.folder.appendingPathComponent("predictions/clean.jsonl"),
                to: folder.appendingPathComponent("gqa.jsonl"))
            try #"{"question_id": 1, "prompt": "", "te"#.write(
                to: folder.appendingPathComponent("pope.jsonl"), atomically: true, encoding: .utf8)
            let scores = ModelScores(model: "m", answers: folder, benchmarks: benchmarks)
            #expect(scores.scores.map(\.headline) == [87.5])
            #expect(
                scores.failures.count == 1
                    && scores.notices.first?.contains("pope.jsonl:1: the text ends inside a string") == true)
            #expect(scores.row.scores["pope"] == .some(.none))
            #expect(
                scores.record.json["benchmarks", "pope", "error"] != nil
                    && scores.record.json["benchmarks", "gqa", "headline"]?.double == 87.5)
        }
    }

    @Test func everyBenchmarkRefusesAFolderThatIsNotItsOwn() throws {
        try withTemporaryFolder { folder in
            for benchmark in BenchmarkList.all {
                let error = message { _ = try benchmark.init(folder: folder) }
                #expect(
                    error.contains("\(folder.path): not a \(benchmark.title) folder, it has no '"),
                    "\(benchmark.name): \(error)")
            }
            let error = message { _ = try BenchmarkList.named("poep") }
            #expect(error.contains("'poep'") && error.contains("pope"))
        }
    }
}
