import Files
import Foundation
import Records
import Report
import Settings
import Stage
import TestSupport
import Testing

@Suite struct TrainingStatusTests {
    private struct NoSettings: Recipe {}

    /// Two of ten steps of a training in `a/sft`, which `StageRun` has claimed; of them `skipped` the last.
    private func withTraining(
        skipped: StepMetrics.Skip? = nil, _ body: (URL, _ run: StageRun, MetricsFollower) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let run = try StageRun(
                "train-student", recipe: NoSettings(), inputs: [],
                output: folder.appendingPathComponent("a/sft"),
                options: ConfigurationOptions.parse([])
            ) { _ in }
            try run.begin()
            let metrics = try MetricsFile(folder.appendingPathComponent("a/sft/metrics.jsonl"), keeping: 0)
            for (step, loss) in [4.0, 2].enumerated() {
                var line = StepMetrics()
                (line.step, line.totalSteps, line.loss) = (step, 10, loss)
                (line.terms.sft, line.terms.kd, line.tokensPerSecond) = (loss, 0.5, 100)
                (line.seconds.data, line.seconds.student) = (0.5, 1.5)
                if step == 1, let skipped {
                    (line.skipped, line.loss, line.terms.sft) = (skipped, .nan, .nan)
                }
                try metrics.append(line)
            }
            var follower = MetricsFollower(folder.appendingPathComponent("a/sft/metrics.jsonl"))
            try follower.update()
            try body(folder, run, follower)
        }
    }

    /// A state of this many steps, as far as a look at it goes.
    private func save(_ steps: Int, in folder: URL) throws {
        try SafeTensorsWriter(metadata: ["step": "\(steps)"]).write(
            to: folder.appendingPathComponent("a/sft/state.safetensors"))
    }

    @Test func theLinesSayHowFarItIsAndFitTheTerminal() throws {
        try withTraining { folder, run, follower in
            let none = MetricsFollower(follower.file)
            #expect(TrainingStatus(none, below: folder).lines(width: 80) == ["a/sft: no step yet"])
            let status = TrainingStatus(follower, below: folder)
            #expect(
                status.lines(width: 80) == [
                    "a/sft: step 2 of 10, 20%, 0.50 steps/s, 100 tokens/s, 16 s left",
                    "  loss 3.000  sft 3.000  kd 0.500", "  █▁",
                ])
            let looks = try ValidationFile(
                folder.appendingPathComponent("a/sft/validation.jsonl"), keeping: 0, of: "")
            for (steps, loss) in [3.0, 1.0].enumerated() {
                var found = ValidationMetrics()
                (found.loss, found.terms.sft, found.accuracy, found.agreement) = (loss, loss, 0.5, 0.75)
                try looks.append(ValidationFile.Look(steps: steps, found: found, of: ""))
            }
            #expect(
                status.lines(width: 90).suffix(2) == [
                    "  held back, after 1 steps: loss 1.000, sft 1.000, right 50.0 %, as the teacher 75.0 %",
                    "  █▁",
                ])
            #expect(status.lines(width: 12).allSatisfy { $0.count <= 12 })
            let later = TrainingStatus(follower, below: folder, now: Date(timeIntervalSinceNow: 90))
            #expect(later.lines(width: 80)[1].hasPrefix("  no step since 20"))
            try run.finish()
            #expect(status.lines(width: 80)[0].hasPrefix("a/sft: step 2 of 10, 20%, finished at 20"))
        }
    }

    @Test func aTrainingThatNobodyIsAtWorkOnSaysHowItEnded() throws {
        func lines(saved: Int?, skipped: StepMetrics.Skip? = nil) throws -> [String] {
            var found: [String] = []
            try withTemporaryFolder { copy in
                try withTraining(skipped: skipped) { folder, _, _ in
                    if let saved { try save(saved, in: folder) }
                    // The copy has the mark of the stage and no lock.
                    try FileManager.default.copyItem(
                        at: folder.appendingPathComponent("a"), to: copy.appendingPathComponent("a"))
                }
                var follower = MetricsFollower(copy.appendingPathComponent("a/sft/metrics.jsonl"))
                try follower.update()
                found = TrainingStatus(follower, below: copy).lines(width: 100)
            }
            return found
        }
        let dead = try lines(saved: 1)
        #expect(dead[0].hasPrefix("a/sft: step 2 of 10, 20%, died at 20"))
        #expect(dead[1] == "  the same command goes on after step 1")
        #expect(try lines(saved: nil)[1] == "  the same command goes on from the start")
        let interrupted = try lines(saved: 2)
        #expect(interrupted[0].contains("interrupted at 20") && interrupted[1].contains("state is saved"))
        let notFinite = try lines(saved: 1, skipped: .loss)
        #expect(notFinite[0].contains("stopped at 20") && notFinite[1].contains("not a finite number"))
        #expect(notFinite[2] == "  loss 4.000  sft 4.000  kd 0.500  (1 steps skipped: not finite)")
    }
}
