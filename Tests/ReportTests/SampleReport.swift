import Files
import Foundation
import Report
import TestSupport

/// Stands in for gnuplot where the drawing does not matter.
func draw(_ plot: Plot) -> String { "<svg>\n<g id=\"gnuplot_canvas\">\n</g>\n</svg>" }

/// The report of a sample run, which is changed before.
func withReport(
    _ change: (SampleRun) throws -> Void = { _ in }, _ body: (RunReport) throws -> Void
)
    throws
{
    try withTemporaryFolder { folder in
        let run = try SampleRun(in: folder.appendingPathComponent("run"))
        try change(run)
        try body(try RunReport(RunFolder(run.folder), draw: draw))
    }
}

/// Rows of one of its files.
func table(_ name: String, of report: RunReport) -> [[String]] {
    // Empty rows stand in for what is not there, so that a look at one fails instead of ending the
    // process.
    CSV.rows(report.tables.first { $0.name == name }?.text ?? "")
        + Array(repeating: [], count: report.tables.contains { $0.name == name } ? 0 : 10)
}
