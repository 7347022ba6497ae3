import Comparing
import Files
import Foundation
import Records
import Settings
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

    /// The paper has align-ti 1.7 above kd on POPE, and a row that is not ours.
    private func settings(_ baseline: String = "kd") -> ComparisonSettings {
        var settings = ComparisonSettings()
        settings.title = "Parts"
        settings.baseline = baseline
        settings.rows = [
            ComparedRow(row: "kd", paper: "Vanilla KD", published: [0, 0, 0, 65]),
            ComparedRow(row: "align-ti", paper: "Align-TI", published: [0, 0, 0, 66.7]),
            ComparedRow(row: nil, paper: "MoVE-KD", published: [0, 0, 0, 58.9]),
        ]
        return settings
    }

    @Test func rowsAreComparedWithTheBaselineReplicateByReplicate() throws {
        let comparison = RunComparison(
            settings(),
            runs: [
                "kd": [run(60), run(62), run(64)], "align-ti": [run(63), run(66), run(67)],
            ])
        #expect(comparison.columns == ["pope"])
        let cells = try comparison.cells()
        #expect(cells.map(\.row) == ["kd", "align-ti", ""])
        let (base, ours) = (cells[0], cells[1])
        #expect(base.mean == 62 && base.difference == nil && base.test == nil)
        // Differences 3, 4, 3: mean 10 / 3, variance 1 / 3, standard error 1 / 3, t = 10, df 2: p = 1 - 10 /
        // sqrt(102). All three signs agree: p = 2 / 8.
        #expect(abs((ours.difference ?? 0) - 10.0 / 3) < 1e-12)
        #expect(abs((ours.differenceStandardError ?? 0) - 1.0 / 3) < 1e-12)
        #expect(abs((ours.p ?? 0) - (1 - 10 / 102.0.squareRoot())) < 1e-9)
        #expect(ours.test == .pairedT && ours.degreesOfFreedom == 2)
        #expect(ours.wins == 3 && ours.losses == 0 && ours.holmP == ours.p)
        #expect(abs((ours.signP ?? 0) - 0.25) < 1e-12)
        #expect(ours.paper == .above && abs((ours.publishedDifference ?? 0) - 1.7) < 1e-9)
        let lines = ComparisonCell.text(cells).split(separator: "\n")
        #expect(lines.count == 3 && lines[1].contains(#""test": "paired t""#))
        #expect(lines[1].contains(#""paper": "above", "paper_row": "Align-TI", "published": 66.7"#))
        #expect(lines[0].contains(#""p": null, "paper": null, "paper_row": "Vanilla KD""#))
    }

    @Test func withoutABaselineARowIsNeitherAboveNorBelowThePapersOthers() throws {
        var settings = settings()
        settings.baseline = nil
        settings.rows.remove(at: 1)
        let cells = try RunComparison(settings, runs: ["kd": [run(60), run(62)]]).cells()
        #expect(cells.map(\.row) == ["kd", ""] && cells.allSatisfy { $0.publishedDifference == nil })
        #expect(cells[0].mean == 61 && cells[0].published == 65 && cells[0].paper == nil)
    }

    @Test func theLayerOfTheHighestIRSIsMarkedAndSaid() throws {
        func run(_ layer: Double) -> RunScores {
            RunScores(
                values: ["pope": 60, "saliency_layer": layer, "most_relevant_layer": 2], items: [])
        }
        var settings = settings()
        settings.columns = ["pope", "saliency_layer"]
        for (layer, isMarked) in [(2.0, true), (1.0, false)] {
            let cells = try RunComparison(settings, runs: ["kd": [run(1)], "align-ti": [run(layer)]]).cells()
            let table = ComparisonTable(cells, settings)
            #expect(table.pageLines.contains { $0.cells.contains("2 *") } == isMarked)
            #expect(table.caption.contains("*: the layer of the highest IRS.") == isMarked)
        }
    }

    @Test func thePapersRowsStandBelowOursInTextAndCSV() throws {
        let cells = try RunComparison(
            settings(), runs: ["kd": [run(60), run(62), run(64)], "align-ti": [run(63), run(66), run(67)]]
        ).cells()
        let table = ComparisonTable(cells, settings())
        let csv = CSV.rows(table.csv).filter { !$0[0].hasPrefix("#") }
        // Standard errors: kd 2 / sqrt(3), align-ti 1.2019. s of the differences is 1 / sqrt(3): 7.849 / 3 +
        // 1.92 = 4.5 replicates for a point, 2.6 for two, 2.03 for five.
        #expect(
            csv == [
                ["row", "POPE", "Δ POPE", "p", "sign p", "for 1, 2, 5", "direction"],
                ["kd", "62.0 ± 1.15", "-", "-", "-", "-", "baseline"],
                ["paper: Vanilla KD", "65.0", "-", "", "", "", ""],
                [
                    "align-ti", "65.3 ± 1.20", "+3.33 ± 0.33", "0.010", "0.250", "5, 3, 3",
                    "above, as in the paper",
                ],
                ["paper: Align-TI", "66.7", "+1.7", "", "", "", ""],
                ["paper: MoVE-KD", "58.9", "-", "", "", "", ""],
            ])
        #expect(table.caption[0] == "Parts." && table.caption[1].hasPrefix("3 replicates"))
        #expect(table.text.contains("  paper: Align-TI    66.7"))
        #expect(table.lines.map(\.isPaper) == [false, false, true, false, true, true])
    }

    @Test func onAPageTheDirectionStandsBesideTheDifference() throws {
        var settings = settings()
        settings.columns = ["training_seconds", "gqa", "pope", "saliency_layer"]
        settings.publishedUnits = ["h"]
        settings.rows = [
            ComparedRow(row: "kd", paper: "KD", published: [355, 59.3, 65]),
            ComparedRow(row: "align-ti", paper: "IVA+TPA", published: [509, 60.4, 66.7]),
        ]
        func runs(_ scores: Double...) -> [RunScores] {
            scores.map {
                RunScores(
                    values: ["gqa": $0 - 5, "pope": $0, "saliency_layer": 3, "training_seconds": 10 * $0],
                    items: [])
            }
        }
        let cells = try RunComparison(
            settings, runs: ["kd": runs(60, 62, 64), "align-ti": runs(63, 66, 67)]
        ).cells()
        let lines = ComparisonTable(cells, settings).pageLines.map(\.cells)
        let head = try #require(lines.first)
        // A column behind the one that is tested moves nothing.
        #expect(head[...5] == ["row", "training s", "× kd", "GQA", "POPE", "layer"])
        #expect(head[6...] == ["Δ POPE", "direction", "p", "sign p", "for 1, 2, 5"])
        #expect(lines.allSatisfy { $0.count == head.count && !$0[3].contains("±") })
        #expect(lines[3][4] == "65.3 ± 1.20" && lines[3][6] == "+3.33 ± 0.33")
        #expect(lines[3][7] == "above, as in the paper" && lines[1][7] == "baseline")
        #expect(lines[2][6...].allSatisfy { $0.isEmpty || $0 == "-" })
    }

    @Test func severalRowsAreCorrectedAndMayHaveBaselinesOfTheirOwn() throws {
        var settings = ComparisonSettings()
        settings.baseline = "a"
        settings.rows = ["a", "b", "c", "d"].map { ComparedRow(row: $0) }
        settings.rows[3].against = "b"
        let runs: [String: [RunScores]] = [
            "a": [run(60), run(62), run(64)], "b": [run(63), run(66), run(67)],
            "c": [run(60), run(63), run(64)], "d": [run(63), run(66), run(68)],
        ]
        let cells = try RunComparison(settings, runs: runs).cells()
        #expect(cells.map(\.baseline) == ["a", "a", "a", "b"])
        // p: 0.0099 for b, 0.4226 for c and d (t = 1, df 2: 1 - 1 / sqrt(3)).
        #expect(cells[1].holmP.map { abs($0 - 3 * (cells[1].p ?? 0)) < 1e-12 } == true)
        #expect(cells[2].holmP.map { abs($0 - 2 * (1 - 1 / 3.0.squareRoot())) < 1e-9 } == true)
        let table = ComparisonTable(cells, settings)
        #expect(table.caption[0].contains("against 'a'; d against 'b' by a paired t test"))
        #expect(table.lines[0].cells.contains("Holm"))
    }

    @Test func rowsOfThePaperAloneHaveNamesOfTheirOwn() throws {
        var settings = settings()
        settings.rows += [ComparedRow(row: nil, paper: "MoVE-KD", published: [1])]
        #expect(throws: SettingProblem("rows", "has a row of the paper alone twice: MoVE-KD, MoVE-KD")) {
            try settings.check()
        }
    }

    @Test func aCaptionOfSeveralLinesStaysAComment() throws {
        var settings = settings()
        (settings.title, settings.remarks) = ("one\ntwo, three", ["four\r\nfive"])
        let cells = try RunComparison(settings, runs: ["kd": [run(60)], "align-ti": [run(63)]]).cells()
        let csv = ComparisonTable(cells, settings).csv.split(separator: "\n")
        #expect(csv[0] == "# one two, three." && csv.contains("# four five"))
    }

    @Test func costsStandBesideThePapersAsMultiplesOfTheBaseline() throws {
        var settings = settings()
        settings.columns = ["training_seconds", "pope"]
        settings.publishedUnits = ["h"]
        settings.rows = [
            ComparedRow(row: "kd", paper: "KD", published: [355]),
            ComparedRow(row: "align-ti", paper: "IVA+TPA", published: [509]),
        ]
        let cells = try RunComparison(settings, runs: ["kd": [run(60)], "align-ti": [run(90)]]).cells()
        #expect(cells[2].mean == 900 && cells[2].test == nil)
        let lines = ComparisonTable(cells, settings).lines.map { Array($0.cells.prefix(3)) }
        #expect(
            lines == [
                ["row", "training s", "× kd"], ["kd", "600.0", "1.00"], ["paper: KD", "355 h", "1.00"],
                ["align-ti", "900.0", "1.50"], ["paper: IVA+TPA", "509 h", "1.43"],
            ])
    }

    @Test func aDirectionNeedsSignificanceAndIsHeldAgainstThePapers() throws {
        func direction(_ scores: [Double], _ paper: Double?) throws -> String {
            var settings = ComparisonSettings()
            settings.baseline = "kd"
            settings.columns = ["pope"]
            settings.rows = [
                ComparedRow(row: "kd", paper: "KD", published: [65]),
                ComparedRow(row: "sft", paper: "SFT", published: [paper]),
            ]
            let runs = ["kd": [run(60), run(62), run(64)], "sft": scores.map { run($0) }]
            return ComparisonTable.direction(try RunComparison(settings, runs: runs).cells()[1])
        }
        #expect(try direction([57, 58, 61], 64) == "below, as in the paper")
        #expect(try direction([63, 66, 67], 64) == "above, unlike the paper")
        #expect(try direction([63, 66, 67], nil) == "above")
        #expect(try direction([50, 62, 60], 64) == "not significant, sign as in the paper")
        #expect(try direction([50, 62, 75], 64) == "not significant, sign unlike the paper")
        #expect(try direction([60, 62, 64], nil) == "not significant")
    }

    @Test func oneReplicateIsTestedOverItsQuestions() throws {
        let cells = try RunComparison(
            settings(),
            runs: ["kd": [run(50, [1, 0, 0, 0, 0, 0])], "align-ti": [run(60, [0, 1, 1, 1, 1, 1])]]
        ).cells()
        #expect(cells[1].standardError == nil && abs((cells[1].p ?? 0) - 14.0 / 64) < 1e-12)
        #expect(ComparisonCell.text(cells).contains(#""wins": 5, "losses": 1, "p": 0.21875"#))
    }

    @Test func otherQuestionsAreRefused() throws {
        let comparison = RunComparison(
            settings(), runs: ["kd": [run(50, [1])], "align-ti": [run(60, [0, 1])]])
        #expect(throws: ComparingError.otherQuestions(row: "align-ti", baseline: "kd", column: "pope")) {
            try comparison.cells()
        }
    }

    @Test func aComparisonThatMakesNoSenseIsRefused() throws {
        var settings = settings("sft")
        #expect(throws: SettingProblem("baseline", "is 'sft', expected one of kd, align-ti")) {
            try settings.check()
        }
        settings = self.settings()
        settings.rows.append(ComparedRow(row: "kd"))
        var columns = self.settings()
        columns.columns = ["pope", "averge"]
        #expect { try columns.check() } throws: { "\($0)".contains("'averge', expected some of gqa") }
        columns.columns = ["pope", "average", "training_seconds", "qa-mine"]
        columns.publishedUnits = ["h", "h", "h", "h", "h"]
        #expect { try columns.check() } throws: { ($0 as? SettingProblem)?.key == "published_units" }
        columns.publishedUnits = ["h"]
        try columns.check()
        #expect(throws: SettingProblem("rows", "names a row twice: kd, align-ti, kd")) {
            try settings.check()
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
                    "student_rows_per_sample": 100, "student_passes_per_sample": 0,
                    "teacher_passes_per_sample": 0,
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
