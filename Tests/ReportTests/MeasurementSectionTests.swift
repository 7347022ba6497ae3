import Comparing
import Files
import Foundation
import Records
import Report
import Settings
import TestSupport
import Testing

/// What the page makes of compare-runs, measure-exposure and measure-efficiency, whose formats
/// docs/formats.md describes.
@Suite struct MeasurementSectionTests {
    private func withReport(
        _ stage: String, _ name: String, _ file: String, _ text: String,
        recipe: any Recipe = SampleRun.Settings(), _ body: (RunReport) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder.appendingPathComponent("run"))
            try run.stage(stage, name, [], recipe: recipe) {
                try AtomicOutput.writeAtomically(text, to: $0.appendingPathComponent(file))
            }
            try body(
                try RunReport(RunFolder(run.folder)) { _ in "<svg>\n<g id=\"gnuplot_canvas\">\n</g>\n</svg>" }
            )
        }
    }

    private func table(_ name: String, of report: RunReport) -> [[String]] {
        CSV.rows(report.tables.first { $0.name == name }?.text ?? "")
    }

    @Test func aComparisonHasItsNumberItsCaptionAndThePapersRows() throws {
        var settings = ComparisonSettings()
        (settings.title, settings.baseline) = ("Each loss", "kd")
        settings.rows = [
            ComparedRow(row: "kd", paper: "sft+kd", published: [59.3, 59.7, 59.2, 86.2, 65.0, 60.4, 65.0]),
            ComparedRow(
                row: "align-ti", paper: "all", published: [60.4, 60.7, 59.9, 86.8, 68.9, 63.2, 66.7]),
        ]
        func run(_ score: Double) -> RunScores { RunScores(values: ["gqa": score], items: []) }
        let cells = try RunComparison(
            settings, runs: ["kd": [run(44), run(46)], "align-ti": [run(45), run(49)]]
        ).cells()
        try withReport(
            "compare-runs", "tables/table16", "cells.jsonl", ComparisonCell.text(cells), recipe: settings
        ) { report in
            #expect(
                report.page.contains("Table 16.") && report.page.contains("Each loss. 2 replicates: mean"))
            let rows = table("tables-table16.csv", of: report)
            #expect(rows.count == 5 && rows[0].prefix(3) == ["row", "GQA", "Δ GQA"])
            #expect(rows[3].prefix(3) == ["align-ti", "47.0 ± 2.00", "+2.00 ± 1.00"])
            #expect(rows[3][3] == "not significant, sign as in the paper")
            #expect(rows[4].prefix(3) == ["paper: all", "60.4", "+1.1"])
            #expect(!report.absent.contains { $0.contains("make paper") })
        }
    }

    /// Under the name of an earlier comparison there is another one now.
    @Test func aComparisonOfTheTimeBeforeIsNotShownAsThePapersTable() throws {
        let cell = ComparisonCell(row: "kd", column: "average", baseline: "kd", seeds: 3, paper: nil)
        try withReport("compare-runs", "tables/table3", "cells.jsonl", ComparisonCell.text([cell])) {
            #expect($0.absent.contains { $0.contains("tables/table3/cells.jsonl cannot be shown") })
            #expect(table("tables-table3.csv", of: $0).isEmpty)
        }
    }

    /// Two samples, of which one has a third token: that is a tenth at least, so the curve has three points;
    /// the fourth has none left.
    private let exposure = """
        {"format": "align-ti exposure 1", "teacher": "t", "shards": "s", "samples": 2, "left_out": 0,
        "length": 4, "confidence": 0.95, "resamples": 20, "students": [{"name": "sft",
        "running": {"ground_truth": [2, 2, 1, 0], "student": [2, 2, 2, 0], "teacher": [2, 2, 2, 0]},
        "e_train": {"value": [1, 2, 3, null], "low": [0.5, 1, 2, null], "high": [1.5, 3, 4, null]},
        "e_test": {"value": [1, 2.5, 4, null], "low": [0.5, 2, 3, null], "high": [2, 3, 6, null]},
        "e": {"value": [], "low": [], "high": []}, "gap": {"value": [], "low": [], "high": []},
        "excess_percent": {"value": [null, -5.25, 30, null], "low": [null, -9, 10, null], "high": [null, 0, \
        50, null]}}]}
        """

    @Test func curvesOfExposureHaveTheirBandsAndEndWhereFewSamplesRun() throws {
        try withReport("measure-exposure", "exposure", "exposure.json", exposure) { report in
            let curve = table("exposure-excess_percent.csv", of: report)
            #expect(curve.count == 1 + 3)
            #expect(curve.last == ["sft", "3.0", "30.0", "10.0", "50.0"])
            // R is e_test, and its band is not symmetric.
            #expect(table("exposure-e_test.csv", of: report).last == ["sft", "3.0", "4.0", "3.0", "6.0"])
            #expect(
                table("exposure-lengths.csv", of: report).last == [
                    "sft", "3", "1", "3.00 (2.00 to 4.00)", "4.00 (3.00 to 6.00)", "–", "30.0 (10.0 to 50.0)",
                    "–",
                ])
        }
    }

    @Test func whatMeasureExposureDoesNotWriteIsRefused() throws {
        for (part, other) in [
            ("exposure 1", "exposure 2"), ("\"low\"", "\"least\""), ("\"running\"", "\"runs\""),
        ] {
            try withReport(
                "measure-exposure", "exposure", "exposure.json",
                exposure.replacingOccurrences(of: part, with: other)
            ) { report in
                #expect(report.absent.contains { $0.contains("exposure.json cannot be read") }, "\(part)")
            }
        }
    }

    @Test func costsAreThoseOfTheFileAndTimesAreOverPlainKD() throws {
        try withReport(
            "measure-efficiency", "efficiency", "efficiency.json",
            """
            {"format": "align-ti efficiency 1",
            "models": [{"name": "teacher", "parameters": 870000, "vision_parameters": 0, \
            "projector_parameters": 0,
            "language_parameters": 870000, "prompt_tokens": 48, "tokens_per_second": 1234.4, "spread": 0.1,
            "first_token_seconds": 0.0025, "tokens_per_second_side_by_side": 9, "peak_resident_bytes": \
            1000000}],
            "runs": [{"name": "kd", "objective": "sft+kd", "training_seconds": 100, \
            "teacher_passes_per_sample": null},
            {"name": "align-ti", "objective": "sft+iva+kd+tpa", "training_seconds": 143, "samples": 48000}]}
            """
        ) { report in
            let models = table("efficiency-models.csv", of: report)
            #expect(models.count == 2 && models.last?.prefix(2) == ["teacher", "0.87"])
            #expect(models.last.map { Array($0[4...5]) } == ["2.50", "1234"])
            let runs = table("efficiency-runs.csv", of: report)
            #expect(
                runs.count == 3 && runs.last?.prefix(4) == ["align-ti", "sft+iva+kd+tpa", "1.43", "48000"])
            #expect(runs.first { $0.first == "kd" }?.suffix(2) == ["–", "–"])
        }
    }
}
