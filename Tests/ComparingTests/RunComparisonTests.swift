import Comparing
import Files
import Foundation
import Records
import TestSupport
import Testing

@Suite struct RunComparisonTests {
    private func run(_ score: Double, _ credits: [Double] = [1, 0]) -> RunScores {
        RunScores(
            values: ["pope": score, "training_seconds": 10 * score],
            items: credits.enumerated().map {
                ItemRecord(
                    model: "m", benchmark: "pope", question: "\($0.offset)", group: "", credit: $0.element)
            })
    }

    @Test func rowsAreComparedWithTheBaselineSeedBySeed() throws {
        let comparison = try RunComparison(
            rows: [
                .init(name: "kd", runs: [run(60), run(62), run(64)]),
                .init(name: "align-ti", runs: [run(63), run(66), run(67)]),
            ], baseline: "kd", published: ["align-ti": .above])
        #expect(comparison.columns == ["pope", "training_seconds"])
        let cells = try comparison.cells()
        #expect(cells.map(\.row) == ["kd", "kd", "align-ti", "align-ti"])
        let (base, ours, cost) = (cells[0], cells[2], cells[3])
        #expect(base.mean == 62 && base.difference == nil && base.test == nil)
        // Differences 3, 4, 3: mean 10 / 3, variance 1 / 3, standard error 1 / 3, t = 10, df 2: p = 1 - 10 /
        // sqrt(102).
        #expect(abs((ours.difference ?? 0) - 10.0 / 3) < 1e-12)
        #expect(abs((ours.differenceStandardError ?? 0) - 1.0 / 3) < 1e-12)
        #expect(abs((ours.p ?? 0) - (1 - 10 / 102.0.squareRoot())) < 1e-9)
        #expect(ours.test == .pairedT && ours.degreesOfFreedom == 2)
        #expect(cost.column == "training_seconds" && cost.mean != nil && cost.test == nil)
        let lines = ComparisonCell.text(cells).split(separator: "\n")
        #expect(
            lines.count == 4 && lines[2].contains(#""test": "paired t""#) && lines[0].contains(#""p": null"#))
        // kd: 60, 62, 64: standard error 2 / sqrt(3). align-ti: 63, 66, 67: 1.2019.
        let csv = ComparisonTable(cells, title: "Parts").csv.split(separator: "\n")
        #expect(csv[0] == "# Parts." && csv[1].hasPrefix("# 3 seeds"))
        #expect(csv[2] == "row,POPE,Δ POPE,p,direction" && csv[3] == "kd,62.0 ± 1.15,-,-,baseline")
        #expect(csv[4] == "align-ti,65.3 ± 1.20,+3.33 ± 0.33,0.010,\"above, as in the paper\"")
        #expect(lines[2].contains(#""paper": "above""#) && lines[0].contains(#""paper": null"#))
        let text = ComparisonTable(cells).text
        #expect(text.contains("+3.33") && text.contains("0.010") && text.contains("3 seeds"))
        #expect(ComparisonTable(cells, showsCosts: true).text.contains("653.3"))
    }

    @Test func aDirectionNeedsSignificanceAndIsHeldAgainstThePapers() throws {
        func direction(_ scores: [Double], _ paper: ComparisonCell.Direction?) throws -> String {
            let comparison = try RunComparison(
                rows: [
                    .init(name: "kd", runs: [run(60), run(62), run(64)]),
                    .init(name: "sft", runs: scores.map { run($0) }),
                ], baseline: "kd", published: paper.map { ["sft": $0] } ?? [:])
            return ComparisonTable.direction(try comparison.cells()[2])
        }
        #expect(try direction([57, 58, 61], .below) == "below, as in the paper")
        #expect(try direction([63, 66, 67], .below) == "above, unlike the paper")
        #expect(try direction([63, 66, 67], nil) == "above")
        #expect(try direction([50, 62, 70], .below) == "not significant (paper: below)")
        #expect(try direction([60, 62, 64], nil) == "not significant")
    }

    @Test func oneSeedIsTestedOverItsQuestions() throws {
        let rows: [RunComparison.Row] = [
            .init(name: "kd", runs: [run(50, [1, 0, 0, 0, 0, 0])]),
            .init(name: "align-ti", runs: [run(60, [0, 1, 1, 1, 1, 1])]),
        ]
        let comparison = try RunComparison(rows: rows, baseline: "kd")
        let cells = try comparison.cells()
        #expect(cells[2].standardError == nil && abs((cells[2].p ?? 0) - 14.0 / 64) < 1e-12)
        #expect(ComparisonCell.text(cells).contains(#""wins": 5, "losses": 1, "p": 0.21875"#))
    }

    @Test func otherQuestionsAreRefused() throws {
        let rows: [RunComparison.Row] = [
            .init(name: "kd", runs: [run(50, [1])]), .init(name: "align-ti", runs: [run(60, [0, 1])]),
        ]
        let comparison = try RunComparison(rows: rows, baseline: "kd")
        #expect(throws: ComparingError.otherQuestions(row: "align-ti", baseline: "kd", column: "pope")) {
            try comparison.cells()
        }
        #expect(throws: ComparingError.noBaseline("sft", rows: ["kd", "align-ti"])) {
            try RunComparison(rows: rows, baseline: "sft")
        }
    }

    @Test func aRunIsReadFromTheFilesOfItsStages() throws {
        try withTemporaryFolder { folder in
            func write(_ name: String, _ text: String) throws {
                try AtomicOutput.writeAtomically(text, to: folder.appendingPathComponent(name))
            }
            try write(
                "scores/scores.json",
                #"{"format": "align-ti scores 1", "models": [{"model": "m", "average": null, "benchmarks": "#
                    + #"{"pope": {"headline": 70.5}, "mme": {"headline": null}}}]}"#
            )
            try write(
                "scores/items.jsonl",
                #"{"model": "m", "benchmark": "pope", "question": "3", "group": "", "credit": 1}"# + "\n")
            var step = StepMetrics()
            (step.tokens, step.studentRows, step.candidateRows) = (90, 200, 10)
            (step.seconds.data, step.seconds.teacher, step.seconds.student) = (1, 2, 3)
            let metrics = try MetricsFile(folder.appendingPathComponent("model/metrics.jsonl"), keeping: 0)
            for number in 1...2 {
                step.samples = 2 * number
                try metrics.append(step)
            }
            try metrics.synchronize()
            let run = try RunScores(folder: folder)
            // The rows are those of all passes, recomputed ones too: 2 x 200 over 4 samples.
            #expect(
                run.values == [
                    "pope": 70.5, "training_seconds": 12, "seconds_per_step": 6, "teacher_seconds": 4,
                    "student_rows_per_sample": 100,
                ])
            #expect(run.items["pope"]?.map(\.credit) == [1])
            try write(
                "scores/items.jsonl", #"{"model": "m", "benchmark": "pope", "question": "3", "group": ""}"#)
            let items = folder.appendingPathComponent("scores/items.jsonl").path
            #expect(
                throws: RecordError.field(file: items, line: 1, field: "credit", problem: "is absent")
            ) { try RunScores(folder: folder) }
        }
    }
}
