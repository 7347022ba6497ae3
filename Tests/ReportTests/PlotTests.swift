import Foundation
import Report
import TestSupport
import Testing

@Suite struct PlotTests {
    private func plot(
        _ points: [(x: Double, y: Double)], bands: [(low: Double, high: Double)] = [],
        style: Plot.Style = .lines
    )
        -> Plot
    {
        Plot(
            id: "p", alternative: "a", xLabel: "it's step", yLabel: "nats", style: style,
            series: [Plot.Series("first", points, bands: bands)])
    }

    @Test func gnuplotDrawsTheNumbers() throws {
        for style in [Plot.Style.lines, .bars] {
            let svg = try Gnuplot.svg(
                plot([(0, 1), (1, 3), (2, 2)], bands: [(0.9, 1.1), (2, 3.1), (1.8, 2.2)], style: style))
            #expect(svg.contains("</svg>") && svg.contains("it’s step"))
            #expect(
                try Gnuplot.svg(
                    plot([(0, 1), (1, 3), (2, 2)], bands: [(0.9, 1.1), (2, 3.1), (1.8, 2.2)], style: style))
                    == svg)
        }
    }

    /// Their distance is no number, and gnuplot would draw nothing at all.
    @Test func numbersThatNoAxisHasAreLeftOut() throws {
        let odd = plot([(0, 1e308), (1, -1e308), (2, 2)], bands: [(1, 2), (1, 2), (-1e308, 1e308)])
        #expect(try Gnuplot.svg(odd).contains("</svg>") && !odd.isEmpty)
        #expect(plot([(0, 1e308), (1e305, 1)]).isEmpty)
    }

    @Test(.enabled(if: StageProcess("write-report") != nil, "write-report is not built beside the tests"))
    func withoutGnuplotTheErrorNamesItsPackage() throws {
        guard let stage = StageProcess("write-report") else { return }
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder.appendingPathComponent("run"))
            let found = try stage.run(
                ["--run", run.folder.path, "--out", folder.appendingPathComponent("report").path],
                after: "PATH=/nowhere")
            #expect(found.status == 66)
            #expect(
                found.errors.hasSuffix(
                    "gnuplot is not on the PATH; install it with: sudo apt install gnuplot-nox\n"))
        }
    }

    @Test func whatIsNotFiniteIsLeftOutOfThePictureAndKeptInTheTable() {
        let plot = plot([(0, 1), (1, .nan), (2, .infinity)])
        #expect(plot.script.contains("$d0 << EOD\n0.0 1.0\nEOD"))
        #expect(plot.table.count == 4 && plot.table[2] == ["first", "1.0", "nan"])
        #expect(self.plot([(0, .nan)]).isEmpty)
    }

    @Test func namesOfSeriesNeverReachGnuplot() {
        let plot = Plot(
            id: "p", alternative: "\n", xLabel: "x", yLabel: "y",
            series: [Plot.Series("'; system('rm -rf /'); '", [(1, 2)])])
        #expect(!plot.script.contains("system"))
    }
}
