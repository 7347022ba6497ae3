import Foundation
import Records
import Report
import TestSupport
import Testing

@Suite struct TrainingStatusTests {
    @Test func theLinesSayHowFarItIsAndFitTheTerminal() throws {
        try withTemporaryFolder { folder in
            let metrics = try MetricsFile(folder.appendingPathComponent("a/sft/metrics.jsonl"), keeping: 0)
            var follower = MetricsFollower(folder.appendingPathComponent("a/sft/metrics.jsonl"))
            #expect(TrainingStatus(follower, below: folder).lines(width: 80) == ["a/sft: no step yet"])
            for (step, loss) in [4.0, 2].enumerated() {
                var line = StepMetrics()
                (line.step, line.totalSteps, line.loss) = (step, 10, loss)
                (line.terms.sft, line.terms.kd, line.tokensPerSecond) = (loss, 0.5, 100)
                (line.seconds.data, line.seconds.student) = (0.5, 1.5)
                try metrics.append(line)
            }
            try follower.update()
            let status = TrainingStatus(follower, below: folder)
            #expect(
                status.lines(width: 80) == [
                    "a/sft: step 2 of 10, 20%, 0.50 steps/s, 100 tokens/s, 16 s left",
                    "  loss 3.000  sft 3.000  kd 0.500", "  █▁",
                ])
            #expect(status.lines(width: 12).allSatisfy { $0.count <= 12 })
        }
    }
}
