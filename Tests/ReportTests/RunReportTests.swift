import Files
import Foundation
import Records
import Report
import TestSupport
import Testing

@Suite struct RunReportTests {
    /// Stands in for gnuplot where the drawing does not matter.
    private func draw(_ plot: Plot) -> String { "<svg>\n<g id=\"gnuplot_canvas\">\n</g>\n</svg>" }

    private func withReport(
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

    private func table(_ name: String, of report: RunReport) -> [[String]] {
        // Empty rows stand in for what is not there, so that a look at one fails instead of ending the
        // process.
        CSV.rows(report.tables.first { $0.name == name }?.text ?? "")
            + Array(repeating: [], count: report.tables.contains { $0.name == name } ? 0 : 10)
    }

    @Test func scoresAreThoseOfTheFile() throws {
        try withReport { report in
            #expect(
                table("scores.csv", of: report) == [
                    ["model", "Groceries Y/N"], ["teacher", "83.2"], ["sft", "50.0"],
                ])
        }
    }

    @Test func checkpointsOnTheWayAreDrawnByStepAndAreNoResults() throws {
        try withReport { run in
            try run.model("sft/checkpoints/step-000010")
            try run.stage("score-benchmarks", "checkpoints/scores", []) { folder in
                let models = [("sft-step-000010", 40.0), ("sft-step-000020", 50)].map { name, headline in
                    ScoresFile.Model(
                        model: name, average: headline,
                        benchmarks: [("gqa", ScoresFile.Score(headline: headline + 1, rest: [:]))])
                }
                try AtomicOutput.writeAtomically(
                    ScoresFile(models: models).text, to: folder.appendingPathComponent(ScoresFile.file))
            }
        } _: { report in
            #expect(table("scores.csv", of: report)[1] == ["teacher", "83.2"])
            #expect(
                table("checkpoints-sft.csv", of: report) == [
                    ["series", "step", "score"], ["gqa", "10.0", "41.0"], ["gqa", "20.0", "51.0"],
                    ["mean", "10.0", "40.0"], ["mean", "20.0", "50.0"],
                ])
            #expect(!report.tables.contains { $0.name.hasPrefix("losses-sft-checkpoints") })
            #expect(!table("cost.csv", of: report).contains { $0.first?.contains("checkpoints") == true })
        }
    }

    @Test func whatTheHeldBackSamplesSayIsDrawnWithTheTeacherBeside() throws {
        try withReport { run in
            let file = run.url("sft").appendingPathComponent(ValidationFile.file)
            var found = ValidationMetrics()
            (found.samples, found.terms.sft, found.loss, found.accuracy) = (8, 3, 3, 0.25)
            var teacher = ValidationMetrics.Quality()
            (teacher.crossEntropy, teacher.accuracy) = (2, 0.5)
            (found.teacher, found.agreement) = (teacher, 0.75)
            let lines = try [0, 10].map { steps in
                let look = ValidationFile.Look(steps: steps, found: found, of: "")
                let encoder = JSONEncoder()
                encoder.keyEncodingStrategy = .convertToSnakeCase
                return String(decoding: try encoder.encode(look), as: UTF8.self) + "\n"
            }
            try run.stage("train-student", "sft", []) { _ in
                try AtomicOutput.writeAtomically(lines.joined(), to: file)
            }
        } _: { report in
            let losses = table("held-back-sft.csv", of: report)
            #expect(losses.contains(["SFT: the right answer", "10.0", "3.0"]))
            #expect(losses.contains(["the teacher on the right answer", "0.0", "2.0"]))
            let tokens = table("held-back-tokens-sft.csv", of: report)
            #expect(tokens.contains(["student as the teacher", "10.0", "75.0"]))
        }
    }

    /// 100 steps in 160 points at most: every step; the loss of step k is 99 - k. Terms that are zero
    /// throughout are not drawn.
    @Test func curvesHoldEveryTermOfTheObjective() throws {
        try withReport { report in
            let rows = table("losses-sft.csv", of: report)
            #expect(rows.count == 1 + 100 && rows[1] == ["SFT: the right answer", "0.0", "99.0"])
            let names = Set(table("losses-teacher.csv", of: report).dropFirst().map { $0[0] })
            #expect(
                names == [
                    "SFT: the right answer", "TPA: what follows the student’s own tokens", "all, weighted",
                ])
            #expect(report.page.contains("sft, 100 steps. 1 lines could not be read."))
        }
    }

    @Test func aLongCurveIsTheMeanOfNeighbours() throws {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder)
            let curves = try LossCurves(name: "sft", file: run.url("sft/metrics.jsonl"))
            let points = curves.curve(points: 30, \.terms.sft)
            // Four steps a point: 0 to 3 at 1.5, with 99, 98, 97 and 96.
            #expect(points.count == 25 && points[0].x == 1.5 && points[0].y == 97.5)
            #expect(points[24].x == 97.5 && points[24].y == 1.5)
        }
    }

    @Test func relevanceAndReuseComeFromTheTeachersOutputs() throws {
        try withReport { report in
            #expect(
                table("relevance-teacher-outputs.csv", of: report)[2] == [
                    "IRS", "1.0", "0.75", "0.7108", "0.7892",
                ])
            #expect(
                table("cache-reuse.csv", of: report)[1] == [
                    "teacher-outputs", "24", "20", "4", "0", "1,234,567", "5.0", "–",
                ])
            #expect(report.page.contains("IVA uses layer 1."))
        }
    }

    @Test func answersStandSideBySideWithTheirMarks() throws {
        try withReport { report in
            // yes no yes no: the teacher has 0, 1, 2; the student 1 (its text says no "no", hence yes:
            // wrong), 2 and 3.
            #expect(
                table("outcomes.csv", of: report) == [
                    ["teacher", "sft", "Groceries Y/N", "all"], ["✓", "✗", "2", "2"], ["✓", "✓", "1", "1"],
                    ["✗", "✓", "1", "1"],
                ])
            #expect(report.page.components(separatedBy: "<article>").count == 1 + 4)
        }
    }

    @Test func mapsAreDrawnForEveryModelQuestionAndLayer() throws {
        try withReport { report in
            let maps = report.page.components(separatedBy: "Attention of ").count - 1
            // Two images with 3 and 1 questions, two models; two questions through three layers.
            #expect(maps == (3 + 1) * 2 + 2 * 2 * 3)
            #expect(report.page.contains("brightest patch in row ") && report.page.contains("of 4 by 4."))
            // Comparisons, exposure, efficiency.
            #expect(report.absent.count == 3)
        }
    }

    /// The first seed of a row that the settings name is looked at beside the scored models, and judged; it
    /// is in no other section.
    @Test func rowsOfComparisonsHaveMapsToo() throws {
        func change(_ run: SampleRun) throws {
            for seed in [2, 3] {
                try run.model("ablations/kd-tpa/seed-\(seed)/model")
                try run.answers(
                    "ablations/kd-tpa/seed-\(seed)/answers", of: "ablations/kd-tpa/seed-\(seed)/model")
            }
        }
        try withReport(change) { report in
            let maps = report.page.components(separatedBy: "Attention of ").count - 1
            #expect(maps == (3 + 1) * 3 + 2 * 3 * 3)
            #expect(report.page.contains("Attention of kd-tpa, seed 2, layer"))
            #expect(!report.page.contains("kd-tpa, seed 3"))
            #expect(report.page.contains("rows of the comparisons"))
            #expect(table("outcomes.csv", of: report)[0] == ["teacher", "sft", "Groceries Y/N", "all"])
        }
    }

    /// A row that was asked other questions stands beside no scored model.
    @Test func rowsWithOtherQuestionsAreLeftOut() throws {
        func change(_ run: SampleRun) throws {
            try run.model("ablations/kd-tpa/seed-1/model")
            try run.stage("make-world", "other", []) {
                try AtomicOutput.writeAtomically(
                    "{}\n", to: $0.appendingPathComponent("groceries/test_yesno.jsonl"))
            }
            try run.answers(
                "ablations/kd-tpa/seed-1/answers", of: "ablations/kd-tpa/seed-1/model",
                benchmark: "other/groceries")
        }
        try withReport(change) { report in
            #expect(!report.page.contains("Attention of kd-tpa"))
            #expect(report.page.contains("Attention of sft"))
        }
    }

    @Test func nothingFromTheDataIsMarkup() throws {
        try withReport { report in
            #expect(!report.page.contains("<img src=x"))
            #expect(
                report.page.contains(
                    "&lt;img src=x onerror=alert(1)&gt; &lt;/script&gt; &amp; &#39;\u{338} ü"))
        }
    }

    @Test func thePageReachesForNothingOutside() throws {
        try withReport { report in
            for reference in [
                "http:", "https:", "url(", "@import", "<script", "<link", "<iframe", "//cdn", "file:",
            ] {
                #expect(!report.page.contains(reference), "\(reference)")
            }
            let targets = report.page.matches(of: #/(?:src|href)="([^"]*)"/#).map { String($0.output.1) }
            #expect(targets.count > 20)
            for target in targets {
                #expect(target.hasPrefix("#") || target.hasPrefix("data:image/"), "\(target.prefix(40))")
            }
            for target in targets where target.hasPrefix("#") {
                #expect(report.page.contains("id=\"\(target.dropFirst())\""), "\(target)")
            }
        }
    }

    @Test func theSameRunGivesTheSameBytes() throws {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder.appendingPathComponent("run"))
            let (a, b) = (
                try RunReport(RunFolder(run.folder), draw: draw),
                try RunReport(RunFolder(run.folder), draw: draw)
            )
            #expect(a.page == b.page && a.tables.map(\.text) == b.tables.map(\.text))
            // And after a move: everything is found by digest, or at the same place below the run.
            let moved = folder.appendingPathComponent("moved/run")
            try FileManager.default.createDirectory(
                at: moved.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.moveItem(at: run.folder, to: moved)
            #expect(try RunReport(RunFolder(moved), draw: draw).page == a.page)
        }
    }

    @Test func partsThatAreNotThereAreSaid() throws {
        for missing in ["scores", "teacher-outputs", "answers/sft", "sft", "world"] {
            func remove(_ run: SampleRun) throws { try FileManager.default.removeItem(at: run.url(missing)) }
            try withReport(remove) { report in
                #expect(report.absent.count > 3, "\(missing)")
                #expect(report.page.contains("Not in this run."))
            }
        }
    }

    @Test func aDamagedReceiptIsLeftOutAndNamed() throws {
        func change(_ run: SampleRun) throws {
            let url = run.url("sft/receipt.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            try text.replacingOccurrences(of: "train-student", with: "train-studint").write(
                to: url, atomically: true, encoding: .utf8)
        }
        try withReport(change) { report in
            #expect(report.absent.contains { $0.contains("sft/receipt.json") && $0.contains("altered") })
            // Its metrics are shown as those of a run without a receipt.
            #expect(report.page.contains("sft, 100 steps, not finished."))
        }
    }

    /// Two seeds of one row: one curve, one row of costs, all receipts; nothing of it stands among the
    /// pipeline's own results.
    @Test func theRunsOfAComparisonAreFolded() throws {
        func change(_ run: SampleRun) throws {
            for seed in 1...2 {
                try run.stage("train-student", "ablations/kd/seed-\(seed)/model", []) {
                    var step = StepMetrics()
                    step.terms.sft = 1
                    try MetricsFile($0.appendingPathComponent(MetricsFile.file), keeping: 0).append(step)
                }
            }
        }
        try withReport(change) { report in
            let curves = report.tables.map(\.name).filter { $0.hasPrefix("losses-ablations") }
            #expect(curves == ["losses-ablations-kd-seed-1-model.csv"])
            #expect(table("cost.csv", of: report).count { $0.first == "ablations/kd, 2 seeds" } == 1)
            let names = ["provenance.csv", "provenance-rows.csv"].map {
                table($0, of: report).dropFirst().map { $0[0] }
            }
            #expect(names[1] == ["ablations/kd/seed-1/model", "ablations/kd/seed-2/model"])
            #expect(names[0].contains("sft") && Set(names[0]).isDisjoint(with: names[1]))
            #expect(report.page.components(separatedBy: "<details class=\"folded\">").count == 1 + 2)
            #expect(report.page.contains("id=\"result-ablations-kd-seed-2-model\""))
            // The sample's settings do not even differ in the seed: only the first lists them.
            let lists = report.page.matches(
                of: #/<details id="result-ablations-kd-seed-(\d)-model">(.*?)<\/details>/#
                    .dotMatchesNewlines())
            #expect(lists.map { String($0.output.1) } == ["1", "2"])
            #expect(lists.map { $0.output.2.contains("setting: template") } == [true, false])
            #expect(lists.map { $0.output.2.contains("output: ") } == [true, false])
            #expect(lists.allSatisfy { $0.output.2.contains("sha256 ") })
        }
    }

    /// Each file that a page is made from, with one bit of it turned: it is left out, and its part says why.
    @Test(arguments: [
        "scores/scores.json", "sft/metrics.jsonl", "sft/model.safetensors", "teacher-outputs/index.json",
        "answers/sft/groceries-yesno.jsonl",
    ])
    func whatIsNotWhatItsReceiptSaysIsLeftOutAndNamed(path: String) throws {
        func change(_ run: SampleRun) throws {
            var bytes = [UInt8](try Data(contentsOf: run.url(path)))
            bytes[bytes.count / 2] ^= 1
            try AtomicOutput.writeAtomically(bytes, to: run.url(path))
        }
        try withReport(change) { report in
            #expect(
                report.absent.contains { $0.contains(path) && $0.contains("the receipt beside it says") },
                "\(report.absent)")
        }
    }

    @Test func anEmptyFolderIsNoRun() throws {
        _ = try withTemporaryFolder { folder in
            #expect { try RunFolder(folder) } throws: { "\($0)".contains("--run") }
        }
    }

    @Test func theDigestOfARunFollowsItsContents() throws {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder)
            let before = try RunFolder(folder).digest()
            #expect(try RunFolder(folder).digest() == before)
            try AtomicOutput.writeAtomically("a\n1\n", to: run.url("more/metrics.jsonl"))
            #expect(try RunFolder(folder).digest() != before)
        }
    }
}
