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

    @Test(arguments: ["step", "tokens", "teacher_rows"]) func countsThatNoRunReachesAreRefused(field: String)
        throws
    {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(MetricsFile.file)
            let good = String(decoding: try RecordFormat.line(line(step: 0, loss: 1)), as: UTF8.self)
            for count in ["9223372036854775807", "1000000000001", "-1"] {
                let bad = good.replacing("\"\(field)\":0", with: "\"\(field)\":\(count)")
                try Data("\(good)\n\(bad)\n".utf8).write(to: url)
                let (steps, problems) = try MetricsFile.read(url)
                #expect(steps.count == 1 && problems.count == 1)
                #expect(
                    problems.first?.description.contains("\(field)' is \(count), expected a count") == true,
                    "\(problems)")
            }
        }
    }

    @Test func samplesOfASourceThatNoRunReachesAreRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(MetricsFile.file)
            var metrics = line(step: 0, loss: 1)
            metrics.sources = ["a": SourceTerms(samples: 1 << 62, terms: LossTerms())]
            try Data(try RecordFormat.line(metrics) + [0x0A]).write(to: url)
            let (steps, problems) = try MetricsFile.read(url)
            #expect(steps.isEmpty && problems.first?.description.contains("'sources.a.samples' is") == true)
        }
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
