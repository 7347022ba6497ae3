import Files
import Foundation
import Report
import TestSupport
import Testing

/// What the page makes of compare-runs, measure-exposure and measure-efficiency, whose formats
/// docs/formats.md describes.
@Suite struct MeasurementSectionTests {
    private func withReport(
        _ stage: String, _ name: String, _ file: String, _ text: String, _ body: (Report) throws -> Void
    )
        throws
    {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder.appendingPathComponent("run"))
            try run.stage(stage, name, []) {
                try AtomicOutput.writeAtomically(text, to: $0.appendingPathComponent(file))
            }
            try body(
                try Report(RunFolder(run.folder)) { _ in "<svg>\n<g id=\"gnuplot_canvas\">\n</g>\n</svg>" })
        }
    }

    private func table(_ name: String, of report: Report) -> [[String]] {
        CSV.rows(report.tables.first { $0.name == name }?.text ?? "")
    }

    @Test func aComparisonHasItsNumberItsCaptionAndItsDirections() throws {
        try withReport(
            "compare-runs", "tables/table3", "table3.csv",
            "# Parts of the objective.\n# 3 seeds.\nrow,AVG,Δ AVG,p,direction\nkd,44.0 ± 0.10,-,-,baseline\n"
                + "align-ti,45.0 ± 0.10,+1.00 ± 0.10,0.010,\"above, as in the paper\"\n"
        ) { report in
            #expect(
                report.page.contains("Table 3.") && report.page.contains("Parts of the objective. 3 seeds."))
            let rows = table("tables-table3.csv", of: report)
            #expect(rows.count == 3 && rows.last?.last == "above, as in the paper")
            #expect(!report.absent.contains { $0.contains("make paper") })
        }
    }

    /// Two samples, of which one has a third token: it is above a tenth, so the curve has three points; the
    /// fourth has none left.
    private let exposure = """
        {"format": "align-ti exposure 1", "samples": 2, "confidence": 0.95, "students": [{"name": "sft",
        "running": {"ground_truth": [2, 2, 1, 0], "student": [2, 2, 2, 0], "teacher": [2, 2, 2, 0]},
        "e_train": {"value": [1, 2, 3, null], "low": [0.5, 1, 2, null], "high": [1.5, 3, 4, null]},
        "e_test": {"value": [1, 2.5, 4, null], "low": [0.5, 2, 3, null], "high": [2, 3, 6, null]},
        "excess_percent": {"value": [null, -5.25, 30, null], "low": [null, -9, 10, null], "high": [null, 0, 50, null]}}]}
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
            "models": [{"name": "teacher", "parameters": 870000, "tokens_per_second": 1234.4, "first_token_seconds": 0.0025}],
            "runs": [{"name": "kd", "objective": "sft+kd", "training_seconds": 100, "teacher_passes_per_sample": null},
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
