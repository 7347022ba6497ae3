import Benchmarks
import Files
import Foundation
import TestSupport
import Testing

@Suite struct RunComparisonTests {
    private func run(_ score: Double, _ credits: [Double] = [1, 0]) -> RunScores {
        RunScores(
            values: ["pope": score, "train_seconds": 10 * score],
            credits: [
                "pope": credits.enumerated().map { .init(question: "\($0.offset)", credit: $0.element) }
            ])
    }

    @Test func rowsAreComparedWithTheBaselineSeedBySeed() throws {
        let comparison = try RunComparison(
            rows: [
                .init(name: "kd", runs: [run(60), run(62), run(64)]),
                .init(name: "align-ti", runs: [run(63), run(66), run(67)]),
            ], baseline: "kd", title: "Parts", published: ["align-ti": .above])
        #expect(comparison.columns == ["pope", "train_seconds"])
        let (base, ours) = (
            try comparison.cell(comparison.rows[0], "pope"), try comparison.cell(comparison.rows[1], "pope")
        )
        #expect(base.value?.mean == 62 && base.difference == nil && base.test == nil)
        // Differences 3, 4, 3: mean 10 / 3, variance 1 / 3, standard error 1 / 3, t = 10, df 2: p = 1 - 10 /
        // sqrt(102).
        #expect(abs((ours.difference?.mean ?? 0) - 10.0 / 3) < 1e-12)
        #expect(abs((ours.difference?.standardError ?? 0) - 1.0 / 3) < 1e-12)
        #expect(abs((ours.test?.p ?? 0) - (1 - 10 / 102.0.squareRoot())) < 1e-9)
        let cost = try comparison.cell(comparison.rows[1], "train_seconds")
        #expect(cost.value != nil && cost.test == nil)
        let lines = try comparison.lines().split(separator: "\n")
        #expect(
            lines.count == 4 && lines[2].contains(#""test": "paired t""#) && lines[0].contains(#""p": null"#))
        // kd: 60, 62, 64: standard error 2 / sqrt(3). align-ti: 63, 66, 67: 1.2019.
        let csv = try comparison.csv().split(separator: "\n")
        #expect(csv[0] == "# Parts." && csv[1].hasPrefix("# 3 seeds"))
        #expect(csv[2] == "row,POPE,Δ POPE,p,direction" && csv[3] == "kd,62.0 ± 1.15,-,-,baseline")
        #expect(csv[4] == "align-ti,65.3 ± 1.20,+3.33 ± 0.33,0.010,\"above, as in the paper\"")
        #expect(lines[2].contains(#""paper": "above""#) && lines[0].contains(#""paper": null"#))
        let text = try comparison.text()
        #expect(text.contains("+3.33") && text.contains("0.010") && text.contains("3 seeds"))
        #expect(try comparison.text(showsCosts: true).contains("653.3"))
    }

    @Test func aDirectionNeedsSignificanceAndIsHeldAgainstThePapers() throws {
        func direction(_ scores: [Double], _ paper: RunComparison.Direction?) throws -> String {
            let comparison = try RunComparison(
                rows: [
                    .init(name: "kd", runs: [run(60), run(62), run(64)]),
                    .init(name: "sft", runs: scores.map { run($0) }),
                ], baseline: "kd", published: paper.map { ["sft": $0] } ?? [:])
            return comparison.direction(try comparison.cell(comparison.rows[1], "pope"))
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
        let cell = try comparison.cell(rows[1], "pope")
        #expect(cell.value?.standardError == nil && abs((cell.test?.p ?? 0) - 14.0 / 64) < 1e-12)
        #expect(try comparison.lines().contains(#""wins": 5, "losses": 1, "p": 0.21875"#))
    }

    @Test func otherQuestionsAreRefused() throws {
        let rows: [RunComparison.Row] = [
            .init(name: "kd", runs: [run(50, [1])]), .init(name: "align-ti", runs: [run(60, [0, 1])]),
        ]
        let comparison = try RunComparison(rows: rows, baseline: "kd")
        #expect { try comparison.cell(rows[1], "pope") } throws: { "\($0)".contains("different questions") }
        #expect { try RunComparison(rows: rows, baseline: "sft") } throws: { "\($0)".contains("'sft'") }
    }

    @Test func aRunIsReadFromTheFilesOfItsStages() throws {
        try withTemporaryFolder { folder in
            func write(_ name: String, _ text: String) throws {
                try AtomicOutput.writeAtomically(text, to: folder.appendingPathComponent(name))
            }
            try write(
                "scores/scores.json",
                #"{"format": "align-ti scores 1", "models": [{"model": "m", "average": null, "benchmarks": {"pope": {"headline": 70.5}, "mme": {"headline": null}}}]}"#
            )
            try write(
                "scores/items.jsonl",
                #"{"model": "m", "benchmark": "pope", "question": "3", "group": "", "credit": 1}"# + "\n")
            let line =
                #""tokens": 90, "candidate_rows": 10, "seconds": {"data": 1, "teacher": 2, "student": 3}}"#
            try write(
                "model/metrics.jsonl", #"{"samples": 2, \#(line)"# + "\n" + #"{"samples": 4, \#(line)"# + "\n"
            )
            let run = try RunScores(folder: folder)
            #expect(
                run.values == [
                    "pope": 70.5, "train_seconds": 12, "seconds_per_step": 6, "teacher_seconds": 4,
                    "student_rows_per_sample": 50,
                ])
            #expect(run.credits == ["pope": [.init(question: "3", credit: 1)]])
            try write("scores/items.jsonl", #"{"benchmark": "pope", "question": "3"}"#)
            #expect { try RunScores(folder: folder) } throws: { "\($0)".contains("credit") }
        }
    }
}
