import Files
import Foundation
import Records
import Report
import TestSupport
import Testing

/// What trainings have written while they ran, as curves.
@Suite struct TrainingCurveTests {
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

    /// What it wrote once, and what stands there now.
    private func held(_ run: SampleRun, _ name: String, _ loss: Double, then: Double? = nil) throws {
        let file = run.url(name).appendingPathComponent(ValidationFile.file)
        func write(_ loss: Double) throws {
            var found = ValidationMetrics()
            (found.samples, found.terms.sft, found.loss, found.accuracy) = (8, loss, loss, 0.5)
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            let look = ValidationFile.Look(steps: 5, found: found, of: "")
            try AtomicOutput.writeAtomically(
                String(decoding: try encoder.encode(look), as: UTF8.self) + "\n", to: file)
        }
        try run.stage("train-student", name, []) { _ in try write(loss) }
        if let then { try write(then) }
    }

    @Test func looksThatAreNotWhatTheirReceiptSaysAreLeftOutAndSaid() throws {
        try withReport {
            try held($0, "sft", 1.5, then: 0.001)
        } _: { report in
            #expect(!report.tables.contains { $0.name == "held-back-sft.csv" })
            #expect(report.absent.contains { $0.contains("sft has no validation.jsonl that can be read") })
        }
    }

    @Test func looksWithoutAFiniteNumberAreSaidAndThePageIsMade() throws {
        try withReport {
            try held($0, "sft", .nan)
        } _: { report in
            #expect(report.page.contains("None of its numbers is finite."))
        }
    }

    @Test func scoresOfCheckpointsThatAreDamagedDoNotEndThePage() throws {
        try withReport { run in
            try run.stage("score-benchmarks", "checkpoints/scores", []) { folder in
                try AtomicOutput.writeAtomically("{}", to: folder.appendingPathComponent(ScoresFile.file))
            }
        } _: { report in
            #expect(report.absent.contains { $0.contains("The scores of checkpoints cannot be read") })
        }
    }

    /// Folders may be called anything, and two alike.
    @Test func namesOfResultsBecomeIdsThatHoldNoMarkupAndTellThemApart() throws {
        let names =
            [#"a"><img src=x onerror=alert(1)>b"#, "a'><img src=x onerror=alert(1)>b"]
            + [String(repeating: "n", count: 120) + "/" + String(repeating: "m", count: 120)]
        try withReport {
            for name in names { try held($0, name, 1) }
        } _: { report in
            #expect(!report.page.contains("<img src=x"))
            let tables = report.tables.map(\.name).filter { $0.hasPrefix("held-back-") }
            #expect(Set(tables).count == tables.count && tables.count >= 6, "\(tables)")
            #expect(tables.allSatisfy { $0.utf8.count < 200 && !$0.contains("<") })
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
            var source = ValidationMetrics.Source()
            (source.accuracy, source.teacher) = (0.2, teacher)
            found.sources = ["a": source, "b": source]
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
            let sources = table("held-back-sources-sft.csv", of: report)
            #expect(sources.contains(["student, b", "10.0", "20.0"]))
            #expect(sources.contains(["teacher, a", "0.0", "50.0"]))
        }
    }

    /// Trainings of the same data share a table.
    @Test func whatStandsInTheDataTwiceIsATable() throws {
        func source(_ name: String, shared: Int) -> RepeatsFile.Source {
            RepeatsFile.Source(
                name: name, isHeldBack: name == "look", samples: 1200, pictures: 40, repeated: 3,
                sharedSamples: shared, sharedPictures: 2, samplesIn: shared > 0 ? [.init("vsr", shared)] : [],
                picturesIn: [.init("vsr", 2)])
        }
        try withReport { run in
            let found = RepeatsFile(
                sources: [source("vsr", shared: 0), source("look", shared: 5)], unknown: [])
            let nothing = RepeatsFile(sources: [], unknown: ["old"])
            for (name, file) in [("sft", found), ("align-ti", found), ("teacher", nothing)] {
                try run.stage("train-student", name, []) { try file.write(into: $0) }
            }
        } _: { report in
            let names = report.tables.map(\.name).filter { $0.hasPrefix("repeats-") }
            #expect(names.count == 1)
            let rows = table(try #require(names.first), of: report)
            #expect(rows.count == 3)
            #expect(rows[1] == ["vsr", "1,200", "3", "0", "–", "40", "2", "vsr 2"])
            #expect(rows[2] == ["look (held back)", "1,200", "3", "5", "vsr 5", "40", "2", "vsr 2"])
            #expect(report.page.contains("What the data of align-ti, sft has more than once"))
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

    @Test func aMixtureIsDrawnBySource() throws {
        try withReport { run in
            let file = run.url("sft").appendingPathComponent(MetricsFile.file)
            try run.stage("train-student", "sft", []) { _ in
                let metrics = try MetricsFile(file, keeping: 0)
                for number in 0..<4 {
                    var step = StepMetrics()
                    (step.step, step.terms.sft) = (number, 5)
                    step.sources = ["coco": SourceTerms(samples: 3, terms: LossTerms(sft: Double(number)))]
                    // A step may have no sample of a source.
                    if number > 1 {
                        step.sources?["vsr"] = SourceTerms(samples: 1, terms: LossTerms(sft: 9))
                    }
                    try metrics.append(step)
                }
            }
        } _: { report in
            #expect(
                table("sources-sft.csv", of: report) == [
                    ["series", "step", "nats"], ["coco", "0.0", "0.0"], ["coco", "1.0", "1.0"],
                    ["coco", "2.0", "2.0"], ["coco", "3.0", "3.0"], ["vsr", "2.0", "9.0"],
                    ["vsr", "3.0", "9.0"],
                ])
            #expect(report.page.contains("sft, by source. SFT: the right answer."))
            #expect(!report.tables.contains { $0.name == "sources-teacher.csv" })
        }
    }
}
