import Benchmarks
import Comparing
import Files
import Foundation
import Records
import Report
import Stage
import TestSupport
import Testing

@Suite struct PublishedScoresTests {
    private func published() throws -> PublishedModels {
        try RecipeLoader.load(
            PublishedModels.self,
            config: Fixtures.repository.appendingPathComponent("pipelines/ablations/tables/table1.yaml"))
    }

    /// 24 systems in the groups 7B, 3B, 2B and 1B; 494 million weights are nearest to 1B.
    @Test func oursStandInFrontOfTheirSize() throws {
        let row = ScoreTable.Row(
            model: "align-ti",
            scores: Dictionary(uniqueKeysWithValues: BenchmarkList.paper.map { ($0.name, 50) }))
        let table = PublishedScores(try published()).table(beside: [(row, 494_000_000)])
        #expect(table.rows.count == 25)
        let place = try #require(table.rows.firstIndex { $0.cells[0] == "ours: align-ti" })
        #expect(table.rows[place].cells[2] == "494 M" && table.rows[place].cells.last == "50.0")
        #expect(!table.rows[place].isQuiet && table.rows.count { $0.isQuiet } == 24)
        #expect(table.rows[place - 1].cells.prefix(3) == ["Align-TI", "Qwen3-1.7B", "2B"])
        #expect(table.rows[place + 1].cells.prefix(3) == ["SPHINX-Tiny", "TLLaMA-1.1B", "1B"])
        let names = Set(table.rows.map { $0.cells[0] })
        #expect(
            names.isSuperset(of: ["LLaVA-KD", "LLaVA-MoD", "MoVE-KD", "Align-KD", "LLaVADi", "MoE-LLaVA"]))
    }

    /// What was asked cannot be opened here, so nobody knows whether it is official.
    @Test func theyAreFoldedWhereTheDataAreNotKnownToBeOfficial() throws {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder.appendingPathComponent("run"))
            try FileManager.default.removeItem(at: run.url("scores"))
            try run.stage("score-benchmarks", "scores", [StageInput("benchmark gqa", run.url("world"))]) {
                let model = ScoresFile.Model(
                    model: "sft", average: nil, benchmarks: [("gqa", .init(headline: 40, rest: [:]))])
                try AtomicOutput.writeAtomically(
                    ScoresFile(models: [model]).text, to: $0.appendingPathComponent("scores.json"))
            }
            let report = try RunReport(RunFolder(run.folder), published: try published()) { _ in
                "<svg>\n<g id=\"gnuplot_canvas\">\n</g>\n</svg>"
            }
            let tables = Dictionary(uniqueKeysWithValues: report.tables.map { ($0.name, CSV.rows($0.text)) })
            #expect(tables["scores.csv"] == [["model", "GQA"], ["sft", "40.0"]])
            #expect(tables["published.csv"]?.count == 25)
            #expect(report.page.contains("do not compare") && report.page.contains("There is no AVG"))
        }
    }
}
