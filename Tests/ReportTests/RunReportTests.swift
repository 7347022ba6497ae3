import Files
import Foundation
import Records
import Report
import TestSupport
import Testing

@Suite struct RunReportTests {
    @Test func scoresAreThoseOfTheFile() throws {
        try withReport { report in
            #expect(
                table("scores.csv", of: report) == [
                    ["model", "Groceries Y/N"], ["teacher", "83.2"], ["sft", "50.0"],
                ])
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

    @Test func twoResultsNeverShareAFile() throws {
        func change(_ run: SampleRun) throws { for name in ["a/b", "a-b"] { try run.model(name) } }
        try withReport(change) { report in
            let names = report.tables.map(\.name)
            #expect(Set(names).count == names.count)
            for name in ["losses-a-b.csv", "losses-a-b-2.csv"] {
                #expect(names.contains(name) && report.page.contains(name))
            }
        }
    }

    /// Answers that were given again, or a model that was trained again, are not what the scores are of.
    @Test func whatWasMadeAnewIsNotTakenForWhatWasScored() throws {
        func answer(_ run: SampleRun) throws {
            try FileManager.default.removeItem(at: run.url("answers/sft"))
            try run.answers("answers/sft", of: "teacher")
        }
        try withReport(answer) { report in
            #expect(report.absent.contains { $0.contains("The answers of sft are not in this run any more") })
            #expect(table("outcomes.csv", of: report)[0].contains("sft") == false)
        }
    }

    /// A look at held-back samples, a benchmark and a receipt change the page, so they change the digest.
    @Test func theDigestOfARunFollowsWhatNoReceiptHolds() throws {
        try withTemporaryFolder { folder in
            let run = try SampleRun(in: folder)
            try AtomicOutput.writeAtomically("a\n", to: run.url("more/metrics.jsonl"))
            var digests = [try RunFolder(folder).digest()]
            for (file, text) in [
                ("more/validation.jsonl", "b\n"), ("world/groceries/test_yesno.jsonl", "{}\n"),
                ("odd/receipt.json", "{"),
            ] {
                try AtomicOutput.writeAtomically(text, to: run.url(file))
                digests.append(try RunFolder(folder).digest())
            }
            #expect(Set(digests).count == digests.count)
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
