import Foundation
import Records
import TestSupport
import Testing

@Suite struct MetricsFileTests {
    private func line(step: Int, loss: Double) -> StepMetrics {
        var metrics = StepMetrics()
        (metrics.step, metrics.loss) = (step, loss)
        return metrics
    }

    @Test func aResumedRunDropsTheStepsAfterItsState() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(MetricsFile.file)
            let first = try MetricsFile(url, keeping: 0)
            for step in 0..<4 { try first.append(line(step: step, loss: Double(step))) }
            try first.synchronize()
            let second = try MetricsFile(url, keeping: 2)
            try second.append(line(step: 2, loss: 20))
            try second.synchronize()
            #expect(try MetricsFile.read(url).steps.map(\.loss) == [0, 1, 20])
        }
    }
}
