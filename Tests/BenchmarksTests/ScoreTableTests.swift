import Benchmarks
import Foundation
import Records
import TestSupport
import Testing

@Suite struct ScoreTableTests {
    /// What the reference makes of all benchmarks together, and the folder of them.
    private func aggregates() throws -> [(expected: [String: Any], root: URL)] {
        try Fixtures.entries("benchmarks").filter {
            $0.lastPathComponent == "aggregate" && Fixtures.has("expected.json", in: $0)
        }.map {
            (try Golden.json($0.appendingPathComponent("expected.json")), $0.deletingLastPathComponent())
        }
    }

    @Test func rowsAndAveragesMadeFromAnswersEqualTheReference() throws {
        for (aggregate, root) in try aggregates() {
            #expect(BenchmarkList.paper.map { $0.name } == aggregate["order"] as? [String])
            for (name, row) in aggregate["rows"] as? [String: [String: Any]] ?? [:] {
                var scores: [String: Double?] = [:]
                let inputs = row["inputs"] as? [String: [String: String]] ?? [:]
                guard
                    inputs.allSatisfy({ benchmark, input in
                        let answers = "\(benchmark)/predictions/\(input["case"] ?? "").jsonl"
                        return Fixtures.has("\(benchmark)/data", in: root) && Fixtures.has(answers, in: root)
                    })
                else { continue }
                for (benchmark, input) in inputs {
                    let folder = root.appendingPathComponent(benchmark)
                    let score = try BenchmarkList.open(
                        benchmark, at: folder.appendingPathComponent("data")
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
                scores.failures.map { $0.reason.replacingOccurrences(of: folder.path, with: "…") } == [
                    "…/pope.jsonl: not valid JSON (line 1, byte 36: the text ends inside a string (was the "
                        + "file cut off?)), expected a closing quote"
                ])
            #expect(scores.row.scores["pope"] == .some(.none))
            #expect(
                scores.record.json["benchmarks", "pope", "error"] != nil
                    && scores.record.json["benchmarks", "gqa", "headline"]?.double == 87.5)
        }
    }

    @Test func everyBenchmarkRefusesAFolderThatIsNotItsOwn() throws {
        try withTemporaryFolder { folder in
            for benchmark in BenchmarkList.paper {
                #expect { try benchmark.init(folder: folder) } throws: {
                    guard case .missingFile(benchmark.title, _, folder.path) = $0 as? BenchmarkError else {
                        return false
                    }
                    return true
                }
            }
            #expect(
                throws: BenchmarkError.unknownBenchmark(
                    name: "poep", known: BenchmarkList.names)
            ) { try BenchmarkList.open("poep", at: folder) }
        }
    }
}
